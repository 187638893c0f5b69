import type { Scheme } from '@cardkeep/core/cards/scheme'

/** What a scheme is called; its logo is its own. */
export const brandNames: Readonly<Record<Exclude<Scheme, 'unknown'>, string>> = {
  visa: 'Visa',
  mastercard: 'Mastercard',
  amex: 'Amex',
  discover: 'Discover',
  diners: 'Diners Club',
  jcb: 'JCB',
  unionpay: 'UnionPay',
  maestro: 'Maestro',
  elo: 'Elo',
  hipercard: 'Hipercard',
  mir: 'Mir',
  rupay: 'RuPay',
  troy: 'Troy',
  verve: 'Verve',
}
