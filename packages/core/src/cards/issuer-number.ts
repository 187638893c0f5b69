import { openSecret } from '../kernel/secret.ts'
import type { Pan } from './pan.ts'
import { type Scheme, schemeOf } from './scheme.ts'

/**
 * The digits that name the issuer, as far as they may be shown: eight of a number of sixteen digits or more from a scheme
 * that gives issuers eight, otherwise six (ISO/IEC 7812-1; PCI DSS 3.4.1 and its guidance on truncation).
 * wire: hellgate §token, inferred
 */
export const issuerNumberOf = (pan: Pan): string => {
  const digits = openSecret(pan, 'mask')
  const isLong = digits.length >= 16 && withEightDigits.includes(schemeOf(pan))
  return digits.slice(0, isLong ? 8 : 6)
}

const withEightDigits: readonly Scheme[] = ['visa', 'mastercard', 'discover', 'jcb', 'unionpay']
