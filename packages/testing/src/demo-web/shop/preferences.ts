import { isLanguage, type Language, languages } from './texts/texts.ts'
import type { Theme, View } from './view.ts'

/** What the customer chose, or what the browser asks for, or English. */
export const chooseLanguage = (
  chosen: string | undefined,
  accepted = '',
): Pick<View, 'language' | 'texts'> => {
  const wishes = [chosen, ...accepted.split(',').map((wish) => wish.trim().slice(0, 2).toLowerCase())]
  const language: Language = wishes.find(isLanguage) ?? 'en'
  return { language, texts: languages[language] }
}

export const chooseTheme = (chosen: string | undefined): Theme =>
  chosen === 'light' || chosen === 'dark' ? chosen : 'auto'
