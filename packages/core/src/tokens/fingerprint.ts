import type { FingerprintId, ScopeId } from '../kernel/ids.ts'
import type { EpochMs } from '../kernel/time.ts'

/**
 * Which card number of a scope this is. The keyed hash of the whole number finds the row and never leaves the vault;
 * callers see the random id, which survives a change of the key.
 */
export interface StoredFingerprint {
  readonly scopeId: ScopeId
  /** HMAC-SHA-256 of the whole number under a key of the scope (PCI DSS 3.5.1.1), 32 bytes. */
  readonly hash: Uint8Array
  readonly keyVersion: number
  readonly id: FingerprintId
  /** Until when the id is kept without a token, because a caller was given it to tell payments of one card by. */
  readonly analyticsUntil: EpochMs | undefined
}
