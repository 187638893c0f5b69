import { passesLuhn } from '../cards/luhn.ts'
import type { CardHashId, IssuedCardId, TenantId } from '../kernel/ids.ts'
import type { EpochMs } from '../kernel/time.ts'

/** A virtual card that an issuer gave out. Its number is made and kept here; its CVV is derived when it is needed. */
export interface IssuedCard {
  readonly id: IssuedCardId
  readonly tenantId: TenantId
  /** What callers are told in the place of a hash of the number: it tells nothing of it. */
  readonly hash: CardHashId
  /** Whose it is, as the issuer counts its accounts and customers: positive whole numbers. */
  readonly accountId: number
  readonly customerId: number
  readonly status: IssuedCardStatus
  /** Unique among the cards that an account has for a customer and that have not ended. */
  readonly name: string
  readonly printedName: string
  readonly last4: string
  /** Keyed hash of the whole number; no two cards of an issuer have one. */
  readonly numberHash: Uint8Array
  /** The number, sealed for this card. */
  readonly sealedNumber: Uint8Array
  /** 1 to 12 */
  readonly expiryMonth: number
  /** four digits */
  readonly expiryYear: number
  readonly contactless: boolean
  readonly accountUpdater: boolean
  /** As it came. */
  readonly transactionLimit: number | undefined
  /** A JSON object, as it came. */
  readonly metadata: string | undefined
  readonly createdAt: EpochMs
  readonly updatedAt: EpochMs
  /** Counts changes of this record from 1; rotations of its CVV are none of them. */
  readonly version: number
}

export type IssuedCardName = Pick<IssuedCard, 'tenantId' | 'accountId' | 'customerId' | 'name'>

/** Of an account's or a customer's id: as they stand in clear everywhere, each is shorter than any card number. */
export const accountIdAtMost = 999_999_999_999

/** `EXPIRED` is never stored: it follows from the expiry. wire: pismo §events names more, which Cardkeep gives no card. */
export const issuedCardStatuses = ['NORMAL', 'BLOCKED', 'CANCELED'] as const
export type IssuedCardStatus = (typeof issuedCardStatuses)[number]

/** Months from creation to expiry. wire: pismo §expiry, verified: the default of a program */
export const validityMonths = 72

/** The first moment at which it is not good any more: the month after its expiry, in UTC. wire: pismo §expiry, inferred */
export const endOfCard = ({
  expiryYear,
  expiryMonth,
}: Pick<IssuedCard, 'expiryYear' | 'expiryMonth'>): number => Date.UTC(expiryYear, expiryMonth, 1)

/** Whether its CVV can be rotated, told and asked for. A blocked card is still somebody's. wire: pismo §cvv rotation, inferred */
export const isLive = (
  card: Pick<IssuedCard, 'status' | 'expiryYear' | 'expiryMonth'>,
  at: EpochMs,
): boolean => card.status !== 'CANCELED' && at < endOfCard(card)

/** How many ids there are in each millisecond. */
export const idsPerMs = 256

/**
 * Ids are whole numbers that grow with time, so that cards that were made together stand together, with one of `idsPerMs` at
 * random. They stay below 2^53 until the year 2137. They have as many digits as a card number, and the last is never the
 * check digit of the others: whoever looks for card numbers in logs must not find ids.
 */
export const issuedCardIdOf = (at: EpochMs, random: number): IssuedCardId => {
  const stem = (at - Date.UTC(2026, 0, 1)) * idsPerMs + random
  return (stem * 10 + lastDigits.findIndex((digit) => !passesLuhn(`${stem}${digit}`))) as IssuedCardId
}

/**
 * The card's id and the random end of a UUID, as one of version 8 (RFC 9562). Events stand in the outbox by it: those of cards
 * that were made together, and so rotate together, must not be all over it.
 */
export const cardHashOf = (id: IssuedCardId, uuid: string): CardHashId => {
  const hex = id.toString(16).padStart(15, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(12)}${uuid.slice(18)}` as CardHashId
}

/** Of any two digits one at most is the check digit. */
const lastDigits = [0, 1]
