import type { Scheme } from '@cardkeep/core/cards/scheme'
import { formatCode, judgeCode } from '../frame/code.ts'
import { digitsIn } from '../frame/digits.ts'
import { formatExpiry, judgeExpiry, settleExpiry } from '../frame/expiry.ts'
import { formatNumber, judgeNumber } from '../frame/number.ts'
import type { FieldError } from '../protocol/public.ts'
import { type ErrorCode, type Part, spellBrand } from './words.ts'

export interface Circumstances {
  readonly nowMs: number
  /** Of the card of which this is a part, as far as it is known. */
  readonly scheme: Scheme
  /** The SDK's names of the brands that are taken; all of them where it is empty. */
  readonly brands: readonly string[]
}

export type Fault = 'EMPTY' | ErrorCode

/** What a kind of input does with the text in it. */
interface PartRules {
  readonly format: (text: string, typing: { readonly scheme: Scheme; readonly isDeleting: boolean }) => string
  readonly fault: (text: string, circumstances: Circumstances) => Fault | undefined
  /** Of a text without a fault, as the SDK takes it. */
  readonly value: (text: string) => string
}

export const partRules: Readonly<Record<Part, PartRules>> = {
  cardNumber: {
    format: formatNumber,
    fault: (text, { scheme, brands }) => {
      const error = judgeNumber(text)
      return isTaken(brands, scheme, error) ? spellFault(error, 'LUHN_CHECK_FAILED') : 'SCHEME_NOT_SUPPORTED'
    },
    value: digitsIn,
  },
  cardExpirationDate: {
    format: (text, { isDeleting }) => formatExpiry(text, isDeleting),
    fault: (text, { nowMs }) => spellFault(judgeExpiry(text, nowMs), 'INVALID_EXPIRY_DATE'),
    value: settleExpiry,
  },
  cardVerificationCode: {
    format: (text, { scheme }) => formatCode(text, scheme),
    fault: (text, { scheme }) => spellFault(judgeCode(text, scheme), 'NOT_COMPLETE'),
    value: digitsIn,
  },
  text: {
    format: (text) => text,
    fault: (text) => (text.trim() === '' ? 'EMPTY' : undefined),
    value: (text) => text.trim(),
  },
}

/** A number of a brand that is not known may become one that is taken while digits are missing. */
const isTaken = (brands: readonly string[], scheme: Scheme, error: FieldError | undefined): boolean => {
  const brand = spellBrand(scheme)
  if (brands.length === 0) return true
  return brand === undefined ? error === 'empty' || error === 'incomplete' : brands.includes(brand)
}

const spellFault = (error: FieldError | undefined, wrong: ErrorCode): Fault | undefined => {
  const faults = { empty: 'EMPTY', incomplete: 'NOT_COMPLETE', invalid: wrong, expired: wrong } as const
  return error && faults[error]
}
