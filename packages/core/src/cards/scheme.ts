import { openSecret } from '../kernel/secret.ts'
import type { Pan } from './pan.ts'

export type Scheme =
  | 'visa'
  | 'mastercard'
  | 'amex'
  | 'discover'
  | 'diners'
  | 'jcb'
  | 'unionpay'
  | 'maestro'
  | 'unknown'

interface Range {
  readonly scheme: Scheme
  /** First and last prefix of the range, of equal length. */
  readonly from: string
  readonly to: string
}

/** Prefixes as the schemes publish them; of several that match, the longest wins. */
const ranges: readonly Range[] = [
  { scheme: 'visa', from: '4', to: '4' },
  { scheme: 'mastercard', from: '51', to: '55' },
  { scheme: 'mastercard', from: '2221', to: '2720' },
  { scheme: 'amex', from: '34', to: '34' },
  { scheme: 'amex', from: '37', to: '37' },
  { scheme: 'diners', from: '300', to: '305' },
  { scheme: 'diners', from: '3095', to: '3095' },
  { scheme: 'diners', from: '36', to: '36' },
  { scheme: 'diners', from: '38', to: '39' },
  { scheme: 'discover', from: '6011', to: '6011' },
  { scheme: 'discover', from: '644', to: '649' },
  { scheme: 'discover', from: '65', to: '65' },
  { scheme: 'unionpay', from: '62', to: '62' },
  { scheme: 'unionpay', from: '81', to: '81' },
  { scheme: 'jcb', from: '3528', to: '3589' },
  { scheme: 'maestro', from: '5018', to: '5018' },
  { scheme: 'maestro', from: '5020', to: '5020' },
  { scheme: 'maestro', from: '5038', to: '5038' },
  { scheme: 'maestro', from: '5893', to: '5893' },
  { scheme: 'maestro', from: '6304', to: '6304' },
  { scheme: 'maestro', from: '6759', to: '6759' },
  { scheme: 'maestro', from: '6761', to: '6763' },
]

const longestFirst = ranges.toSorted((a, b) => b.from.length - a.from.length)

export const schemeOf = (pan: Pan): Scheme => {
  const digits = openSecret(pan, 'check')
  const range = longestFirst.find(({ from, to }) => {
    const prefix = digits.slice(0, from.length)
    return prefix >= from && prefix <= to
  })
  return range?.scheme ?? 'unknown'
}

/** How many digits a security code of the scheme has. A card of no known scheme may have either. */
export const codeLengths: Record<Scheme, readonly number[]> = {
  visa: [3],
  mastercard: [3],
  amex: [4],
  discover: [3],
  diners: [3],
  jcb: [3],
  unionpay: [3],
  maestro: [3],
  unknown: [3, 4],
}
