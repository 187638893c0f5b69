import { passesLuhn } from '@cardkeep/core/cards/luhn'

/** Ids, which may look like card numbers, or runs of digits as people and programs write them. */
const candidates = /([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})|\d(?:[ -]?\d){12,}/g

/**
 * Masks what may be a card number in text that goes to a log or back to a caller. Field names tell where card data
 * should be; this finds it where it should not be. Times in milliseconds have thirteen digits and pass the check
 * once in ten: they are told by what they begin with.
 */
export const scrubCardNumbers = (text: string): string =>
  text.replace(candidates, (run: string, id?: string) => id ?? maskRun(run))

/** A number may stand beside others, so every sequence of whole groups of digits is looked at. */
const maskRun = (run: string): string => {
  const parts = run.split(/([ -])/)
  const isMasked = parts.map(() => false)
  for (let from = 0; from < parts.length; from += 2) {
    let digits = ''
    for (let to = from; to < parts.length && digits.length < 19; to += 2) {
      digits += parts[to] ?? ''
      if (isCardNumber(digits)) isMasked.fill(true, from, to + 1)
    }
  }
  return parts.map((part, at) => (isMasked[at] ? (isMasked[at - 1] ? '' : '[card number]') : part)).join('')
}

/** Whether these digits may be one. */
export const isCardNumber = (digits: string): boolean =>
  digits.length >= 13 && digits.length <= 19 && passesLuhn(digits) && !isEpochMs(digits)

const isEpochMs = (digits: string): boolean => digits.length === 13 && /^1[6-9]/.test(digits)
