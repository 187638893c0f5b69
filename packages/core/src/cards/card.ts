import type { Secret } from '../kernel/secret.ts'
import type { Expiry } from './expiry.ts'
import type { Pan } from './pan.ts'

/** What is stored of a card, sealed. A security code is never part of it. */
export interface Card {
  readonly type: 'card'
  readonly pan: Pan
  readonly expiry: Expiry
  readonly holder: Holder | undefined
  /** Where receipts go, if a caller gave it. */
  readonly email?: string | undefined
}

/** The names as they stand on the card or as the payer gave them: in two parts, or as one name that nobody can cut in two. */
export interface Holder {
  readonly firstName: string | undefined
  readonly lastName: string | undefined
  readonly fullName?: string | undefined
}

/** The whole name; `undefined` where nobody is named. */
export const spellHolder = (holder: Holder | undefined): string | undefined =>
  holder?.fullName ||
  [holder?.firstName, holder?.lastName].filter((name) => name !== undefined && name !== '').join(' ') ||
  undefined

/** Three or four digits: CVV2, CVC2, CID. It exists only held, never stored. */
export type SecurityCode = Secret<string>
