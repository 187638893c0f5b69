import type { Scheme } from './scheme.ts'

const names: { readonly [Name in Scheme]?: string } = {
  visa: 'VISA',
  mastercard: 'Mastercard',
  amex: 'American Express',
  discover: 'Discover',
  diners: 'Diners Club',
  jcb: 'JCB',
  unionpay: 'UnionPay',
}

/** wire: hellgate §token, verified: the brands that it has a name for, and `Unknown` for every other. */
export const nameScheme = (scheme: Scheme): string => names[scheme] ?? 'Unknown'
