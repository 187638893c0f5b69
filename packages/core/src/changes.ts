import type { AuditEntry } from './audit/entry.ts'
import type { CodePolicy } from './codes/policy.ts'
import type { Destination } from './destinations/destination.ts'
import type { CredentialId, DestinationId, KeyId, ScopeId, TenantId } from './kernel/ids.ts'
import type { EpochMs } from './kernel/time.ts'
import type { KeyRecord, KeySet, KeyState } from './keys.ts'
import type { Credential, Scope, Tenant } from './tenants/tenant.ts'
import type { StoredFingerprint } from './tokens/fingerprint.ts'
import type { StoredToken } from './tokens/token.ts'

/**
 * What an operation wants to be true afterwards, as data. A list commits as a whole or not at all. Each change says what
 * it expects to find; where that does not hold the list is in conflict, nothing is written, and the operation
 * runs again on what stands now. Ids and times are inside, so that a replay writes the same.
 */
export type Change =
  /** Expects no such fingerprint in the scope. */
  | { readonly type: 'put-fingerprint'; readonly fingerprint: StoredFingerprint }
  /** Expects no such token; a `unique` one also no other unique token of its scope and fingerprint that is not deleted. */
  | { readonly type: 'put-token'; readonly token: StoredToken }
  /** Expects the version before the token's own. */
  | { readonly type: 'replace-token'; readonly token: StoredToken }
  /** Removes the row and, with the last token of its fingerprint, the fingerprint. Expects this version. */
  | { readonly type: 'erase-token'; readonly token: Pick<StoredToken, 'id' | 'version'> }
  /** Expects neither the id nor the name. */
  | { readonly type: 'put-tenant'; readonly tenant: Tenant }
  | { readonly type: 'set-code-policy'; readonly tenantId: TenantId; readonly policy: CodePolicy }
  | { readonly type: 'put-scope'; readonly scope: Scope }
  | { readonly type: 'link-scope'; readonly scopeId: ScopeId; readonly tenantId: TenantId }
  | { readonly type: 'put-credential'; readonly credential: Credential }
  /** Expects it not to be revoked yet. */
  | { readonly type: 'revoke-credential'; readonly id: CredentialId; readonly at: EpochMs }
  | { readonly type: 'put-destination'; readonly destination: Destination }
  | { readonly type: 'remove-destination'; readonly id: DestinationId }
  | { readonly type: 'put-key'; readonly key: KeyRecord }
  | {
      readonly type: 'set-key-state'
      readonly id: KeyId
      readonly state: KeyState
      readonly wrapped: Uint8Array
    }
  /** Raises how many seals may be made with a key before the count must be written again. Expects a lower count. */
  | { readonly type: 'reserve-seals'; readonly id: KeyId; readonly upTo: number }
  /** Expects the counter before the set's own. */
  | { readonly type: 'put-key-set'; readonly keySet: KeySet }
  | { readonly type: 'seal-vault'; readonly sealed: boolean }
  /** Advances the chain. Expects nothing, so that an entry never makes a list fail. */
  | { readonly type: 'audit'; readonly entry: AuditEntry }
  /** Expects the chain to hold the entry it signs. */
  | { readonly type: 'put-checkpoint'; readonly checkpoint: AuditCheckpoint }

/** Signs that the chain had this hash at this place. */
export interface AuditCheckpoint {
  readonly seq: number
  readonly hash: Uint8Array
  readonly at: EpochMs
  readonly keyId: KeyId
  /** Ed25519 over `cardkeep-audit-checkpoint`, seq, hash and time. */
  readonly signature: Uint8Array
}

export interface Conflict {
  readonly type: 'Conflict'
  /** Which change found something else than it expected. */
  readonly change: Change['type']
}
