import { digitRuns } from '@cardkeep/core/cards/digit-runs'
import { foldDigits } from '@cardkeep/core/cards/fold-digits'
import { isCardNumber } from '../../log/scrub.ts'

/*
 * Names and email addresses are told again in clear, so no card number may stand in one, however it is spelled: in digits of
 * any script, full-width, raised or in circles, and with anything between them.
 */

const longestNumber = 19
const shortestNumber = 13
const tooManyDigits = 12

/** Whether as many digits stand in it as a card number has, or nearly. */
export const holdsManyDigits = (text: string): boolean =>
  (foldDigits(text).match(/[0-9]/g)?.length ?? 0) >= tooManyDigits

/** Whether 13 to 19 digits of it, beside others too, pass the check of card numbers. Letters part them, and nothing else does. */
export const holdsCheckedDigits = (text: string): boolean => digitRuns(foldDigits(text)).some(hasNumberIn)

const hasNumberIn = (digits: string): boolean => {
  for (let from = 0; from + shortestNumber <= digits.length; from++)
    for (let length = shortestNumber; length <= longestNumber && from + length <= digits.length; length++)
      if (isCardNumber(digits.slice(from, from + length))) return true
  return false
}
