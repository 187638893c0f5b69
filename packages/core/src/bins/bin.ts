/**
 * What an operator's table knows of the cards that begin with some digits. Every field but the prefix may be missing:
 * tables differ, and nothing is guessed.
 */
export interface BinRecord {
  /** The first six to eight digits of the card numbers it speaks of (ISO/IEC 7812-1). */
  readonly prefix: string
  readonly brand: string | undefined
  readonly funding: Funding | undefined
  readonly segment: Segment | undefined
  /** The issuer's name for the product. */
  readonly product: string | undefined
  readonly issuer: string | undefined
  /** ISO 3166-1 alpha-2, in capitals. */
  readonly country: string | undefined
  /** ISO 4217, in capitals. */
  readonly currency: string | undefined
}

export const fundings = ['credit', 'debit', 'prepaid', 'charge', 'deferred'] as const
export type Funding = (typeof fundings)[number]

export const segments = ['consumer', 'commercial'] as const
export type Segment = (typeof segments)[number]

export const shortestPrefix = 6
export const longestPrefix = 8
