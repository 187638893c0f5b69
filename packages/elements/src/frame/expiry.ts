import { isExpired, isFarOff, parseExpiry, twoDigits } from '@cardkeep/core/cards/expiry'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { FieldError } from '../protocol/public.ts'
import { digitsIn } from './digits.ts'

export interface CardExpiry {
  readonly month: number
  /** four digits */
  readonly year: number
}

/**
 * `MM / YY` of whatever was typed or filled in: `4` is April, `4/30`, `0430`, `04/2030` and `2030-04` are its year 2030.
 * A year of four digits is left so while it may still be typed.
 */
export const formatExpiry = (text: string, isDeleting: boolean): string => {
  const [month, year] = partsOf(text)
  if (year !== '')
    return `${isDeleting || text.includes(divider) ? openMonth(text, month) : month}${divider}${year}`
  // The divider comes by itself, and goes with the digit before it.
  return month.length === 2 && !isDeleting ? month + divider : month
}

/** As it is shown once it is left. */
export const settleExpiry = (text: string): string => {
  const found = readExpiry(text)
  return found ? `${twoDigits(found.month)}${divider}${twoDigits(found.year)}` : text
}

export const readExpiry = (text: string): CardExpiry | undefined => {
  const [month, year] = partsOf(text)
  const parsed = parseExpiry(month, year)
  return parsed.ok ? { month: parsed.value.month, year: parsed.value.year } : undefined
}

export const judgeExpiry = (text: string, nowMs: number): FieldError | undefined => {
  const [month, year] = partsOf(text)
  if (month + year === '') return 'empty'
  if (month.length < 2 || (year.length !== 2 && year.length !== 4))
    return Number(month) > 12 ? 'invalid' : 'incomplete'
  const parsed = parseExpiry(month, year)
  if (!parsed.ok || isFarOff(parsed.value, epochMs(nowMs))) return 'invalid'
  return isExpired(parsed.value, epochMs(nowMs)) ? 'expired' : undefined
}

const divider = ' / '

/** A month of which a digit was deleted before its year: another one will follow where it was. */
const openMonth = (text: string, month: string): string => {
  const digits = digitsIn(text.split('/')[0] ?? '')
  return digits.length < 2 ? digits : month
}

const partsOf = (text: string): readonly [month: string, year: string] => {
  const [first = '', ...rest] = text
    .normalize('NFKC')
    .split(/[^\p{Nd}]+/u)
    .map(digitsIn)
  const [second = ''] = rest
  // Year first, as machines write it.
  if (first.length === 4 && second.length === 2) return [second, yearOf(first)]
  if (second !== '') return [pad(first).slice(0, 2), yearOf(second)]
  const month = first.slice(0, monthDigits(first))
  const year = yearOf(first.slice(month.length))
  // Another digit may follow.
  const isOpen = month === '0' || (month === '1' && year === '' && rest.length === 0)
  return [isOpen ? month : pad(month), year]
}

/** `4` can only be April, and `13` is January and a 3; of all else two digits are the month. */
const monthDigits = (digits: string): number => (Number(digits.slice(0, 2)) > 12 || digits > '2' ? 1 : 2)

const pad = (month: string): string => (month === '' ? '' : month.padStart(2, '0'))

/** Two digits, or four of this century. */
const yearOf = (digits: string): string => digits.slice(0, digits.startsWith('20') ? 4 : 2)
