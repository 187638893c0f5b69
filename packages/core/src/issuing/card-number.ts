import { type Pan, parsePan } from '../cards/pan.ts'
import { Secret } from '../kernel/secret.ts'

/** Digits of every number that is made. wire: pismo §create allows 16 to 19; that it is 16, as schemes issue, is inferred. */
const length = 16

export const binForm = /^[1-9]\d{5,8}$/

/** How many numbers begin so. */
export const numbersOf = (bin: string): number => 10 ** (length - 1 - bin.length)

/** The number with this BIN and account part, 0 to below `numbersOf(bin)`, and the check digit that it needs. */
export const numberOf = (bin: string, account: number): Pan => {
  const stem = bin + String(account).padStart(length - 1 - bin.length, '0')
  for (let digit = 0; digit < 10; digit++) {
    const pan = parsePan(new Secret(`${stem}${digit}`))
    if (pan.ok) return pan.value
  }
  // Precondition: of ten check digits one is right, and the stem is digits.
  throw new Error('an account part does not fit its BIN')
}
