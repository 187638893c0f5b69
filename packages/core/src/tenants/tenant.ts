import type { CodePolicy, Dialect } from '../codes/policy.ts'
import type { CredentialId, ScopeId, TenantId } from '../kernel/ids.ts'
import type { EpochMs } from '../kernel/time.ts'
import type { NetworkTokenSettings } from '../network-tokens/network-token.ts'

/** Test and live never mix: keys of one never open rows of the other. */
export type Environment = 'test' | 'live'

export interface Tenant {
  readonly id: TenantId
  /** Unique; what an operator calls it. */
  readonly name: string
  readonly environment: Environment
  /** Where its tokens go unless a request names another scope. */
  readonly defaultScopeId: ScopeId
  /** `undefined`: the default of each dialect. */
  readonly codePolicy: CodePolicy | undefined
  readonly createdAt: EpochMs
}

/** Where a token is valid. */
export interface Scope {
  readonly id: ScopeId
  readonly environment: Environment
  readonly deduplicates: boolean
  /** `undefined`: none of its tokens gets a network token or an account reference. */
  readonly networkTokens: NetworkTokenSettings | undefined
  readonly createdAt: EpochMs
}

/** What a credential may do, deny by default (PCI DSS 7.3). */
export const permissions = ['tokenize', 'forward', 'detokenize', 'issue', 'show', 'verify'] as const
export type Permission = (typeof permissions)[number]

export interface Credential {
  readonly id: CredentialId
  readonly tenantId: TenantId
  readonly dialect: Dialect
  readonly permissions: readonly Permission[]
  /** HMAC-SHA-256 of the secret under the vault's credential key; the secret itself is shown once and kept nowhere. */
  readonly hash: Uint8Array
  /** The public half where the dialect has one, or the user whose it is; not a secret. */
  readonly publicKey: string | undefined
  readonly createdAt: EpochMs
  readonly expiresAt: EpochMs | undefined
  readonly revokedAt: EpochMs | undefined
  /** To the day; `undefined`: never. */
  readonly lastUsedAt: EpochMs | undefined
  /** When it was disabled because nobody used it; an operator can enable it again. */
  readonly disabledAt: EpochMs | undefined
}
