import type { Mask } from '../cards/mask.ts'
import type { Scheme } from '../cards/scheme.ts'
import type { ScopeId, TenantId, TokenId } from '../kernel/ids.ts'
import type { EpochMs } from '../kernel/time.ts'
import type { StoredFingerprint } from './fingerprint.ts'

/*
 * A token is the name that is given out for a card.
 *
 *   active     may be forwarded
 *   suspended  refuses every use until it is activated
 *   deleted    is gone for every caller
 *
 *   active ⇄ suspended → deleted, active → deleted. Past `expiresAt` a token is treated as absent and swept.
 */
export type TokenStatus = 'active' | 'suspended' | 'deleted'

/** What the database holds of a token. The card is sealed; no field can hold a security code. */
export interface StoredToken {
  readonly id: TokenId
  readonly scopeId: ScopeId
  /** The tenant that made it; any tenant linked to the scope may use it. */
  readonly tenantId: TenantId
  /** Counts the changes of this token from 1. */
  readonly version: number
  readonly status: TokenStatus
  /** `true` if it was made by an endpoint for tests. */
  readonly test: boolean
  /** Whether its scope de-duplicated when it was made: then no other such token of the scope has the same fingerprint. */
  readonly unique: boolean
  /** Which card number it stands for. */
  readonly fingerprint: StoredFingerprint
  readonly scheme: Scheme
  readonly mask: Mask
  readonly sealedCard: Uint8Array
  readonly createdAt: EpochMs
  readonly updatedAt: EpochMs
  readonly expiresAt: EpochMs | undefined
}

export const isUsable = (token: StoredToken, at: EpochMs): boolean =>
  token.status === 'active' && (token.expiresAt === undefined || at < token.expiresAt)
