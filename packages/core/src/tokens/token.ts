import type { AccountMask } from '../accounts/account.ts'
import type { Mask } from '../cards/mask.ts'
import type { Scheme } from '../cards/scheme.ts'
import type { ScopeId, TenantId, TokenId } from '../kernel/ids.ts'
import type { EpochMs } from '../kernel/time.ts'
import type { StoredFingerprint } from './fingerprint.ts'

/** What the database says of a token; `stateOf` in lifecycle.ts says what that means at a time. */
export type TokenStatus = 'active' | 'suspended' | 'deleted'

/** What the database holds of a token. Card or account are sealed; no field can hold a security code. */
export type StoredToken = CardToken | BankToken

export interface CardToken extends TokenRecord {
  readonly type: 'card'
  readonly scheme: Scheme
  readonly mask: Mask
}

export interface BankToken extends TokenRecord {
  readonly type: 'bank'
  readonly mask: AccountMask
}

/** What decides whether a token may be used. */
export type TokenStanding = Pick<
  StoredToken,
  'id' | 'scopeId' | 'version' | 'status' | 'expiresAt' | 'invalidatedAt'
>

interface TokenRecord {
  readonly id: TokenId
  readonly scopeId: ScopeId
  /** The tenant that made it; any tenant linked to the scope may use it. */
  readonly tenantId: TenantId
  /** Counts the changes of this token from 1. */
  readonly version: number
  readonly status: TokenStatus
  /** `true` if it was made by an endpoint for tests. */
  readonly test: boolean
  /**
   * The token by which its scope knows the number: no other such token of the scope has the same fingerprint. Always
   * `false` where the scope does not de-duplicate.
   */
  readonly unique: boolean
  /** Which number it stands for. */
  readonly fingerprint: StoredFingerprint
  /** Empty once the token is deleted: the row stays for a while to say so, the card does not. */
  readonly sealed: Uint8Array
  readonly createdAt: EpochMs
  readonly updatedAt: EpochMs
  readonly expiresAt: EpochMs | undefined
  /** Whether `expiresAt` follows the expiry of the card, because nobody chose it. */
  readonly endsWithCard: boolean
  /** When it became known that the card behind it is good no more. */
  readonly invalidatedAt: EpochMs | undefined
}
