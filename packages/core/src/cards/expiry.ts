import { ok, type Result, refuse } from '../kernel/result.ts'
import { dayMs, type EpochMs, hourMs, yearMs } from '../kernel/time.ts'

/** The last month in which a card is good, and how its year was written, because some providers are sent it back so. */
export interface Expiry {
  /** 1 to 12 */
  readonly month: number
  /** four digits */
  readonly year: number
  readonly yearDigits: 2 | 4
}

export type ExpiryRefusal = { readonly type: 'InvalidExpiryMonth' } | { readonly type: 'InvalidExpiryYear' }

const monthForm = /^(0[1-9]|1[0-2])$/
const yearForm = /^(\d{2}|\d{4})$/

/** A month `01` to `12` and a year of two or four digits. Two digits mean this century. */
export const parseExpiry = (month: string, year: string): Result<Expiry, ExpiryRefusal> => {
  if (!monthForm.test(month)) return refuse({ type: 'InvalidExpiryMonth' })
  if (!yearForm.test(year)) return refuse({ type: 'InvalidExpiryYear' })
  const full = year.length === 2 ? 2000 + Number(year) : Number(year)
  // A card is good for some years; a year far off is a slip of the keyboard, not a card.
  if (full < 2000 || full > 2099) return refuse({ type: 'InvalidExpiryYear' })
  return ok({ month: Number(month), year: full, yearDigits: year.length === 2 ? 2 : 4 })
}

/**
 * The end of its month in the last time zone on Earth: a card is good wherever its month has not ended. wire: ozura §errors,
 * inferred
 */
const endOf = ({ month, year }: Expiry): number => Date.UTC(year, month, 1) + 12 * hourMs

export const isExpired = (expiry: Expiry, at: EpochMs): boolean => at >= endOf(expiry)

/** Issuers send the next card some weeks before the last one ends. */
const renewalMs = 92 * dayMs

/** Whether a reissued card may be about by now. */
export const isDueForRenewal = (expiry: Expiry, at: EpochMs): boolean => at >= endOf(expiry) - renewalMs

/**
 * No card is good for half a century; a year so far off is a slip, such as 92 for 29. wire: ozura §tokenize, hellgate
 * §import: inferred
 */
export const isFarOff = (expiry: Expiry, at: EpochMs): boolean => endOf(expiry) > at + 50 * yearMs

export const isLater = (a: Expiry, b: Expiry): boolean => a.year * 12 + a.month > b.year * 12 + b.month

export const twoDigits = (value: number): string => String(value % 100).padStart(2, '0')

/** The year as it was given: two or four digits. */
export const spellYear = (expiry: Expiry): string =>
  expiry.yearDigits === 2 ? twoDigits(expiry.year) : String(expiry.year)
