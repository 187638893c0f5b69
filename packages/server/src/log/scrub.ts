import { passesLuhn } from '@cardkeep/core/cards/luhn'
import { numberLengths, schemeOfDigits } from '@cardkeep/core/cards/scheme'

/** Ids, which may look like card numbers, or runs of digits as people and programs write them. */
const candidates = /([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})|\d(?:[ -]?\d){12,}/g

/**
 * Masks what may be a card number in text that goes to a log or back to a caller. Field names tell where card data
 * should be; this finds it where it should not be. Times in milliseconds have thirteen digits and pass the check
 * once in ten: they are told by what they begin with.
 */
export const scrubCardNumbers = (text: string): string =>
  text.replace(candidates, (run: string, id?: string) => id ?? maskRun(run))

/**
 * A number may stand beside others, so every sequence of whole groups of digits is looked at. One of a known scheme is
 * found within groups and across them too: of the others every tenth is one by chance.
 */
const maskRun = (run: string): string => {
  const parts = run.split(/([ -])/)
  const isMasked = parts.map(() => false)
  for (let from = 0; from < parts.length; from += 2) {
    let digits = ''
    for (let to = from; to < parts.length && digits.length < longest; to += 2) {
      digits += parts[to] ?? ''
      if (isCardNumber(digits)) isMasked.fill(true, from, to + 1)
    }
  }
  const partOfDigit = parts.flatMap((part, at) => (at % 2 === 0 ? Array<number>(part.length).fill(at) : []))
  for (const { from, to } of findCardNumbers(run.replaceAll(/\D/g, '')))
    isMasked.fill(true, partOfDigit[from], (partOfDigit[to - 1] ?? 0) + 1)
  return parts.map((part, at) => (isMasked[at] ? (isMasked[at - 1] ? '' : '[card number]') : part)).join('')
}

/** Where in a row of digits card numbers of known schemes stand, whatever stands before and behind them. */
export const findCardNumbers = (digits: string): readonly DigitSpan[] => {
  const found: DigitSpan[] = []
  for (let from = 0; from + shortest <= digits.length; from++)
    for (const length of numberLengths[schemeOfDigits(digits.slice(from, from + shortest))]) {
      const to = from + length
      if (to <= digits.length && passesLuhn(digits.slice(from, to))) found.push({ from, to })
    }
  return found
}

const shortest = 13
const longest = 19

/** `to` is the first digit that does not belong to it. */
interface DigitSpan {
  readonly from: number
  readonly to: number
}

/** Whether these digits begin like a card of a known scheme and are as many: of sixteen by chance about one in forty. */
export const isSchemeCardNumber = (digits: string): boolean =>
  numberLengths[schemeOfDigits(digits)].includes(digits.length) && passesLuhn(digits)

/** Whether these digits may be one. */
export const isCardNumber = (digits: string): boolean =>
  digits.length >= shortest && digits.length <= longest && passesLuhn(digits) && !isEpochMs(digits)

const isEpochMs = (digits: string): boolean => digits.length === 13 && /^1[6-9]/.test(digits)
