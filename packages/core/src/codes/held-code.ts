import type { SecurityCode } from '../cards/card.ts'
import type { SessionId, TenantId, TokenId } from '../kernel/ids.ts'
import type { CardPlace } from '../tokens/place.ts'

/*
 * A held code is in one of these states; only the code store knows which.
 *
 *   held      has at least one use left and has not expired
 *   reserved  its last use was taken less than a reservation ago; its bytes are no longer in the store
 *   gone      there is nothing: it expired, was spent, dropped or replaced, or never was
 *
 *   hold      gone → held       (over a held or reserved one of the same address: replaces it)
 *   take      held → held or reserved, one use fewer
 *   giveBack  held or reserved → held, one use more; not if a drop or another hold came after the take
 *   drop      held or reserved → gone; by address one, by token each that came with it
 *   undoHold  held or reserved → gone, of that hold only; not if a drop or another hold came after it
 *   time      held → gone at its expiry; reserved → gone when the reservation ends
 *
 * A reservation outlives every forward, so that a forward whose request never left can give the code back, and
 * a drop in the meantime cannot be undone by it.
 */

/**
 * Where a code is found. There is no way to list codes or to look at one without taking it. Each is of one tenant: where
 * several share a token, each holds a code of its own by it, which its own customer typed.
 */
export type CodeAddress =
  | { readonly type: 'session'; readonly tenantId: TenantId; readonly sessionId: SessionId }
  | TokenAddress

export interface TokenAddress {
  readonly type: 'token'
  readonly tenantId: TenantId
  readonly tokenId: TokenId
}

export interface HeldCode {
  readonly address: CodeAddress
  /** A code serves only the token that it came with. */
  readonly place: CardPlace
  /** Whose limit it counts against. */
  readonly tenantId: TenantId
  readonly code: SecurityCode
  readonly ttlMs: number
  /** `unlimitedUses` or a count from 1. */
  readonly uses: number
  /** Origins that it may be sent to; `undefined`: any. */
  readonly destinations: readonly string[] | undefined
}

/** One hold of a code, whatever is held at the same address before and after it. */
export interface HoldReceipt {
  /** Known to the store that made it. */
  readonly hold: unknown
}

/** Who asks for a code: the token it came with, and the origin that it would be sent to. */
export interface CodeTaker {
  readonly place: CardPlace
  readonly destination: string
}

/** A code in flight: what `take` gave out and `giveBack` wants returned. */
export interface TakenCode {
  readonly code: SecurityCode
  /** Known to the store that made it. */
  readonly receipt: unknown
}

/** A reservation is longer than the longest forward. */
export const reservationMs = 120_000
