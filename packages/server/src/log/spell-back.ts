import { foldDigits } from '@cardkeep/core/cards/fold-digits'
import { scrubCardNumbers } from './scrub.ts'

/** The first six and the last four of a card number may be shown (PCI DSS 3.4.1). */
const mostDigits = 10

/**
 * Text that a caller chose, fit to go back to it. A number that is cut off, or whose digits stand apart in a way or are of
 * a script that the scrubber does not know, is hidden because there are so many of them.
 */
export const spellBack = (text: string): string => {
  const scrubbed = scrubCardNumbers(text)
  const digits = foldDigits(scrubbed).replaceAll(/\D/g, '')
  return digits.length > mostDigits ? scrubbed.replaceAll(/[^]/gu, hideDigit) : scrubbed
}

const hideDigit = (character: string): string => (/\d/.test(foldDigits(character)) ? '*' : character)
