import { ar } from './ar.ts'
import { de } from './de.ts'
import { en } from './en.ts'
import { es } from './es.ts'
import { fr } from './fr.ts'
import { ja } from './ja.ts'
import { pt } from './pt.ts'
import type { Texts } from './texts.ts'

export interface Language {
  /** For the `lang` of the document. */
  readonly tag: string
  readonly texts: Texts
}

/** By the first part of a language tag; English for a language that is not here. */
export const languageOf = (locale: string): Language => {
  const tag = locale.split('-')[0]?.toLowerCase() ?? ''
  const texts = languages.get(tag)
  return texts ? { tag, texts } : { tag: 'en', texts: en }
}

const languages: ReadonlyMap<string, Texts> = new Map(Object.entries({ ar, de, en, es, fr, ja, pt }))
