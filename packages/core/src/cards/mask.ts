import { openSecret } from '../kernel/secret.ts'
import type { Pan } from './pan.ts'

/** What may be shown of a card number: at most the BIN and the last four digits (PCI DSS 3.4.1). */
export interface Mask {
  /** first six digits */
  readonly bin: string
  readonly last4: string
  /** how many digits the number has */
  readonly length: number
}

export const maskPan = (pan: Pan): Mask => {
  const digits = openSecret(pan, 'mask')
  return { bin: digits.slice(0, 6), last4: digits.slice(-4), length: digits.length }
}

/** First six, `*`, last four: `411111******1111`. */
export const spellMask = ({ bin, last4, length }: Mask): string =>
  bin + '*'.repeat(length - bin.length - last4.length) + last4
