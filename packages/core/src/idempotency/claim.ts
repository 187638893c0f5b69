import type { ClaimId, TenantId } from '../kernel/ids.ts'
import { dayMs, type EpochMs, minuteMs } from '../kernel/time.ts'

/*
 * A request under an idempotency key.
 *
 *   claim    none, or one past its time → under way
 *   settle   under way → answered, in the commit that makes the answer true
 *   release  under way → none, where the request was refused: nothing was done, and it may be corrected and sent again
 *   time     answered → none after a day; under way → open to another claim after two minutes, longer than any request
 *
 * A request whose claim was taken over by another cannot commit any more, so nothing is done twice.
 */

export interface IdempotencyClaim {
  /** Keyed hash of tenant, route and key, 32 bytes. */
  readonly name: Uint8Array
  readonly tenantId: TenantId
  /** Keyed hash of the request without its security code, 32 bytes. */
  readonly digest: Uint8Array
  /** Which of several requests under one key it is. */
  readonly claimId: ClaimId
  readonly at: EpochMs
}

export interface StoredClaim extends IdempotencyClaim {
  /** `undefined` while the request is under way. */
  readonly reply: StoredReply | undefined
}

/** A reply without number or code. It may hold a cardholder's name, or the id of a session that is still open. */
export interface KeptReply {
  readonly status: number
  readonly body: string
}

/** The same as the store has it. */
export interface StoredReply {
  readonly status: number
  readonly sealedBody: Uint8Array
}

export const replyLifetimeMs = dayMs
export const claimLifetimeMs = 2 * minuteMs
