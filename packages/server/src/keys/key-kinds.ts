import { dayMs } from '@cardkeep/core/kernel/time'
import type { KeyAlgorithm, KeyOwner, KeyPurpose, KeyRecord } from '@cardkeep/core/keys'

/** What a key of one owner and purpose is, for how long it seals, and how often it may. */
export interface KeyKind {
  readonly owner: KeyOwner['type']
  readonly purpose: KeyPurpose
  /** Only owners that have this role have it; everyone else does without. */
  readonly role?: KeyRole
  readonly algorithm: KeyAlgorithm
  /** How long it is the active key. NIST SP 800-57 part 1, 5.3.6, allows its class of keys up to the named span. */
  readonly cryptoperiodMs: number
  /** `undefined` where nothing wears off: a keyed hash or an Ed25519 signature uses no nonce that could meet another. */
  readonly seals: SealBudget | undefined
}

/** `issuer`: a tenant that issues cards. */
export type KeyRole = 'issuer'

export interface SealBudget {
  /** A multiple of `block`. */
  readonly limit: number
  /** How many seals one write to the database reserves; those that a process did not use when it ends are lost. */
  readonly block: number
}

/**
 * For a key from which every record derives one of its own: two seals can only meet within one record. 2^40 seals, and
 * as many as 2^20 of them in any one record, leave a chance below 2^-36 that two of them share key and nonce;
 * NIST SP 800-38D, 8.3, asks for 2^-32. A block of 65,536 is one write in several seconds of full load.
 */
const derivedPerRecord: SealBudget = { limit: 2 ** 40, block: 2 ** 16 }

/** A key that seals directly under random nonces of 96 bits: at most 2^32 times (NIST SP 800-38D, 8.3). */
const direct: SealBudget = { limit: 2 ** 32, block: 2 ** 8 }

/** Every kind of key there is. One that the vault, or an owner that has others, lacks is made at the next start. */
export const keyKinds: readonly KeyKind[] = [
  // Data encryption, up to two years: a year, as PCI DSS reviews are yearly; older versions go on opening.
  {
    owner: 'scope',
    purpose: 'card',
    algorithm: 'AES-256-GCM',
    cryptoperiodMs: 365 * dayMs,
    seals: derivedPerRecord,
  },
  // Authentication, up to two years, and all of them: a change leaves old hashes to be looked up beside the new ones.
  {
    owner: 'scope',
    purpose: 'fingerprint',
    algorithm: 'HMAC-SHA-256',
    cryptoperiodMs: 730 * dayMs,
    seals: undefined,
  },
  // Data encryption, but of what lives an hour: a change costs nothing, so it comes every quarter.
  {
    owner: 'scope',
    purpose: 'code',
    algorithm: 'AES-256-GCM',
    cryptoperiodMs: 90 * dayMs,
    seals: derivedPerRecord,
  },
  // Data encryption, up to two years: a year, as long as the certificates whose keys it seals.
  {
    owner: 'tenant',
    purpose: 'client-tls',
    algorithm: 'AES-256-GCM',
    cryptoperiodMs: 365 * dayMs,
    seals: direct,
  },
  // Data encryption, up to two years: a year, in which providers ask for their own credentials to be changed too.
  {
    owner: 'tenant',
    purpose: 'provider-header',
    algorithm: 'AES-256-GCM',
    cryptoperiodMs: 365 * dayMs,
    seals: direct,
  },
  // Data encryption, up to two years: a year; a webhook keeps its secret, so older versions go on opening.
  {
    owner: 'tenant',
    purpose: 'webhook',
    algorithm: 'AES-256-GCM',
    cryptoperiodMs: 365 * dayMs,
    seals: direct,
  },
  // Key wrapping, up to two years: a year; a capture key that is in use longer opens by the version that sealed it.
  {
    owner: 'tenant',
    purpose: 'capture',
    algorithm: 'AES-256-GCM',
    cryptoperiodMs: 365 * dayMs,
    seals: direct,
  },
  // Data encryption, up to two years: a year. Numbers and service codes of issued cards.
  {
    owner: 'tenant',
    role: 'issuer',
    purpose: 'issued-card',
    algorithm: 'AES-256-GCM',
    cryptoperiodMs: 365 * dayMs,
    seals: derivedPerRecord,
  },
  // Authentication, up to two years, and all of them: a change leaves old hashes to be looked up beside the new ones.
  {
    owner: 'tenant',
    role: 'issuer',
    purpose: 'issued-number',
    algorithm: 'HMAC-SHA-256',
    cryptoperiodMs: 730 * dayMs,
    seals: undefined,
  },
  // Key wrapping, up to two years: a year; card verification keys live longer, and open by the version that sealed them.
  {
    owner: 'tenant',
    role: 'issuer',
    purpose: 'cvk',
    algorithm: 'AES-256-GCM',
    cryptoperiodMs: 365 * dayMs,
    seals: direct,
  },
  // Key wrapping, up to two years: a year. Private halves of the pairs that sign access tokens.
  {
    owner: 'tenant',
    role: 'issuer',
    purpose: 'access',
    algorithm: 'AES-256-GCM',
    cryptoperiodMs: 365 * dayMs,
    seals: direct,
  },
  // Authentication, up to two years, and all of them: credentials made under the old key need it until they are replaced.
  {
    owner: 'vault',
    purpose: 'credential',
    algorithm: 'HMAC-SHA-256',
    cryptoperiodMs: 730 * dayMs,
    seals: undefined,
  },
  // Private signature key, one to three years: a year; the public half verifies for as long as entries are kept.
  { owner: 'vault', purpose: 'audit', algorithm: 'Ed25519', cryptoperiodMs: 365 * dayMs, seals: undefined },
  // Names of held codes: a code must be droppable by who knows only its address and not its scope. What it seals, such as
  // capture sessions, is under a key derived for each, which seals a few times at most.
  {
    owner: 'vault',
    purpose: 'code',
    algorithm: 'HMAC-SHA-256',
    cryptoperiodMs: 365 * dayMs,
    seals: undefined,
  },
  // Names and digests of requests, and the replies to them, which are gone after a day. A key of the vault: who repeats a
  // request names no scope. Each reply is sealed under a key derived for it, which seals a few times at most.
  {
    owner: 'vault',
    purpose: 'idempotency',
    algorithm: 'HMAC-SHA-256',
    cryptoperiodMs: 365 * dayMs,
    seals: undefined,
  },
]

/** What an owner with these roles has. */
export const kindsOf = (owner: KeyOwner['type'], roles: readonly KeyRole[] = []): readonly KeyKind[] =>
  keyKinds.filter((kind) => kind.owner === owner && (!kind.role || roles.includes(kind.role)))

/** `undefined` for a record that this version does not know how to use. */
export const kindOf = ({ owner, purpose, algorithm }: KeyRecord): KeyKind | undefined =>
  keyKinds.find(
    (kind) => kind.owner === owner.type && kind.purpose === purpose && kind.algorithm === algorithm,
  )
