import { passesLuhn } from '@cardkeep/core/cards/luhn'

/** Ids, which may look like card numbers, or runs of 13 to 19 digits as people and programs write them. */
const candidates = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d(?:[ -]?\d){12,18}/g

/**
 * Masks what may be a card number in text that goes to a log or back to a caller. Field names tell where card data
 * should be; this finds it where it should not be. Times in milliseconds have thirteen digits and pass the check
 * once in ten: they are told by what they begin with.
 */
export const scrubCardNumbers = (text: string): string =>
  text.replace(candidates, (run) => {
    const digits = run.replaceAll(/[ -]/g, '')
    if (digits.length > 19) return run
    return passesLuhn(digits) && !isEpochMs(digits) ? '[card number]' : run
  })

const isEpochMs = (digits: string): boolean => digits.length === 13 && /^1[6-9]/.test(digits)
