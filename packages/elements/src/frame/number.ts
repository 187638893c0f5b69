import { passesLuhn } from '@cardkeep/core/cards/luhn'
import { type Scheme, schemeOfDigits } from '@cardkeep/core/cards/scheme'
import type { FieldError } from '../protocol/public.ts'
import { digitsIn } from './digits.ts'

/** How many digits the numbers of each scheme have; the shortest and the longest of a row bound what is typed. */
const lengths: Readonly<Record<Scheme, readonly number[]>> = {
  visa: [13, 16, 18, 19],
  mastercard: [16],
  amex: [15],
  discover: [16, 17, 18, 19],
  diners: [14, 15, 16, 17, 18, 19],
  jcb: [15, 16, 17, 18, 19],
  unionpay: [14, 15, 16, 17, 18, 19],
  maestro: [13, 14, 15, 16, 17, 18, 19],
  elo: [16],
  hipercard: [13, 16, 19],
  mir: [16, 17, 18, 19],
  rupay: [16],
  troy: [16],
  verve: [16, 18, 19],
  unknown: [13, 14, 15, 16, 17, 18, 19],
}

/** Spaces as they are printed on the card. */
export const formatNumber = (text: string): string => {
  const typed = digitsIn(text)
  const scheme = schemeOfDigits(typed)
  const digits = typed.slice(0, longest(scheme))
  const gaps = gapsOf(scheme, digits.length)
  return digits
    .split('')
    .map((digit, at) => (gaps.includes(at) ? ` ${digit}` : digit))
    .join('')
}

export const judgeNumber = (text: string): FieldError | undefined => {
  const digits = digitsIn(text)
  if (digits === '') return 'empty'
  const scheme = schemeOfDigits(digits)
  if (lengths[scheme].includes(digits.length) && passesLuhn(digits)) return undefined
  // A shorter number that is none may still become one.
  return digits.length < Math.min(usual, longest(scheme)) ? 'incomplete' : 'invalid'
}

/** Whether another digit could still make it right. */
export const isNumberFull = (text: string): boolean => {
  const digits = digitsIn(text)
  return digits.length >= longest(schemeOfDigits(digits))
}

const usual = 16

const longest = (scheme: Scheme): number => lengths[scheme].at(-1) ?? usual

const gapsOf = (scheme: Scheme, length: number): readonly number[] => {
  if (scheme === 'amex') return [4, 10]
  if (scheme === 'diners' && length <= 14) return [4, 10]
  return [4, 8, 12, 16]
}
