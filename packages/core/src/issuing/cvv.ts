import { twoDigits } from '../cards/expiry.ts'
import type { Pan } from '../cards/pan.ts'
import { openSecret } from '../kernel/secret.ts'
import type { IssuedCard } from './issued-card.ts'
import type { ServiceCode } from './service-code.ts'

/*
 * The card verification value, as schemes and key services have published it: the number, the expiry and the service code as
 * digits, padded with zeros to 32, in two blocks of 8 bytes. Block 1 is encrypted under key A and added to block 2 by XOR;
 * that is encrypted under A, decrypted under B and encrypted under A. Of the result the decimal digits count, from left to
 * right, and after them the letters A to F, less ten; the first three are the CVV.
 */

export interface CvvInput {
  /** 12 to 19 digits */
  readonly pan: string
  /** `YYMM`. wire: pismo §cvv, inferred */
  readonly expiry: string
  readonly serviceCode: string
}

/** Digits of the number and what follows it that stand in the two blocks. */
const blockDigits = 16
export const cvvDigits = 3

/** Of an issued card that was opened. */
export const cvvInputOf = (
  { expiryMonth, expiryYear }: Pick<IssuedCard, 'expiryMonth' | 'expiryYear'>,
  pan: Pan,
  serviceCode: ServiceCode,
): CvvInput => ({
  pan: openSecret(pan, 'derive'),
  expiry: twoDigits(expiryYear) + twoDigits(expiryMonth),
  serviceCode: openSecret(serviceCode, 'derive'),
})

/** The two blocks as 16 hexadecimal digits each. Throws for what cannot stand in them: a caller has checked it. */
export const cvvBlocks = ({ pan, expiry, serviceCode }: CvvInput): readonly [string, string] => {
  const digits = pan + expiry + serviceCode
  if (!/^\d{19,26}$/.test(digits)) throw new Error('what a CVV is made of is not digits')
  const padded = digits.padEnd(2 * blockDigits, '0')
  return [padded.slice(0, blockDigits), padded.slice(blockDigits)]
}

/** The CVV from the 16 hexadecimal digits that the keys made. */
export const decimalise = (hex: string): string => {
  let decimals = ''
  let letters = ''
  for (const digit of hex.toLowerCase())
    if (digit <= '9') decimals += digit
    else letters += String(digit.charCodeAt(0) - letterA)
  return (decimals + letters).slice(0, cvvDigits)
}

const letterA = 'a'.charCodeAt(0)
