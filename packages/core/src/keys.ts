import type { KeyId } from './kernel/ids.ts'
import type { EpochMs } from './kernel/time.ts'
import type { Environment } from './tenants/tenant.ts'

/** What a key is for. A key is used for nothing else. */
export const keyPurposes = [
  'card',
  'fingerprint',
  'code',
  'client-tls',
  'provider-header',
  'webhook',
  'capture',
  'issued-card',
  'issued-number',
  'cvk',
  'access',
  'credential',
  'idempotency',
  'audit',
] as const
export type KeyPurpose = (typeof keyPurposes)[number]

export type KeyAlgorithm = 'AES-256-GCM' | 'HMAC-SHA-256' | 'Ed25519'

/** `active` seals and opens, `decrypt-only` opens what it sealed, `destroyed` is gone and its material with it. */
export type KeyState = 'active' | 'decrypt-only' | 'destroyed'

/** Whose key it is: the vault's, a token scope's or a tenant's. */
export interface KeyOwner {
  readonly type: 'vault' | 'scope' | 'tenant'
  /** Empty for the vault. */
  readonly id: string
}

/**
 * A key as the database holds it: wrapped by the root key, which authenticates every field beside `reservedSeals`. Purpose
 * and algorithm may be words of a newer program on the same database: such a key belongs to the set, and is used by nobody
 * who does not know it.
 */
export interface KeyRecord {
  readonly id: KeyId
  readonly purpose: string
  readonly owner: KeyOwner
  /** `undefined` for the vault's own keys. */
  readonly environment: Environment | undefined
  readonly algorithm: string
  /** Counts from 1 per purpose and owner. */
  readonly version: number
  readonly state: KeyState
  readonly createdAt: EpochMs
  /** When it should be rotated. */
  readonly expiresAt: EpochMs
  /** First bytes of a keyed hash of a constant: tells keys apart without telling the key. */
  readonly checkValue: string
  readonly wrapped: Uint8Array
  /** For the audit key: its public half, SPKI DER. */
  readonly publicKey: Uint8Array | undefined
  /** Seals that may have been made with it; written ahead in blocks, so it is never too low. */
  readonly reservedSeals: number
}

/** Says which keys there are, so that none can be taken away or put back unseen. */
export interface KeySet {
  /** Goes up with every change of a key. The root key's keeper remembers it too. */
  readonly counter: number
  /** Digest of all key records, wrapped by the root key with the counter. */
  readonly sealedDigest: Uint8Array
}
