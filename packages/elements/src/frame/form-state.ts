import { type Scheme, schemeOfDigits } from '@cardkeep/core/cards/scheme'
import type { ElementState, FieldError, FieldName } from '../protocol/public.ts'
import { judgeCode } from './code.ts'
import { digitsIn } from './digits.ts'
import { judgeExpiry } from './expiry.ts'
import { judgeNumber } from './number.ts'

/** What stands in the fields of a form; a form for a code alone has only that. */
export type FormTexts = Readonly<Partial<Record<FieldName, string>>>

export type FormErrors = Readonly<Partial<Record<FieldName, FieldError>>>

/** Of the number that is typed, unless the card is known. */
export const schemeOfForm = (texts: FormTexts, issuerNumber: string | undefined): Scheme =>
  schemeOfDigits(issuerNumber ?? digitsIn(texts.number ?? ''))

export const judgeForm = (texts: FormTexts, scheme: Scheme, nowMs: number): FormErrors => {
  const errors = {
    number: texts.number === undefined ? undefined : judgeNumber(texts.number),
    expiry: texts.expiry === undefined ? undefined : judgeExpiry(texts.expiry, nowMs),
    code: texts.code === undefined ? undefined : judgeCode(texts.code, scheme),
  }
  return Object.fromEntries(Object.entries(errors).filter(([, error]) => error !== undefined))
}

/** What the page is told: what is wrong and what is shown as wrong, and nothing of what was typed but the brand. */
export const describeForm = (
  texts: FormTexts,
  scheme: Scheme,
  wrong: FormErrors,
  shown: FormErrors,
): ElementState => ({
  empty: Object.values(texts).every((text) => text === ''),
  complete: Object.keys(wrong).length === 0,
  valid: Object.keys(shown).length === 0,
  ...(scheme !== 'unknown' && { brand: scheme }),
  errors: shown,
})
