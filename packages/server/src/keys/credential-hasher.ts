import { createHmac, hash as digest, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { CredentialId } from '@cardkeep/core/kernel/ids'
import { openSecret, type Secret } from '@cardkeep/core/kernel/secret'
import { encodeFields } from './encode-fields.ts'
import type { OwnedKeys } from './key-snapshot.ts'
import type { Keyring } from './keyring.ts'

export interface CredentialHasher {
  /** HMAC-SHA-256 of the secret and the id of its credential under the vault's credential key, 32 bytes. */
  hash(secret: Secret<string>, id: CredentialId): Uint8Array
  /** In constant time for each key. A hash made under an earlier key that is not destroyed matches too. */
  matches(hash: Uint8Array, secret: Secret<string>, id: CredentialId): boolean
}

/**
 * Secrets are random and long, so a keyed hash keeps them; a slow one would only slow the vault down. For the same
 * reason a plain digest of one tells nothing, and in memory stands for the keyed hash of a credential that was proven
 * once: a fifth of the work at each request.
 */
export const createCredentialHasher = (keys: Pick<Keyring, 'vaultKeys'>): CredentialHasher => {
  const proven = new Map<CredentialId, Proven>()
  return {
    hash: (secret, id) => {
      const { active } = keys.vaultKeys('credential')
      if (!active) throw new Error('no credential key of the vault is active')
      return hashUnder(active.key, secret, id)
    },
    matches: (hash, secret, id) => {
      const owned = keys.vaultKeys('credential')
      const presented = digest('sha256', openSecret(secret, 'authenticate'), 'buffer')
      const known = proven.get(id)
      // Keys that were changed or destroyed since, and a credential with another secret, are proven anew.
      if (known?.owned === owned && isEqual(known.hash, hash) && isEqual(known.digest, presented)) return true
      const isProven = owned.usable.some(({ key }) => isEqual(hashUnder(key, secret, id), hash))
      if (isProven) remember(proven, id, { owned, hash, digest: presented })
      return isProven
    },
  }
}

interface Proven {
  readonly owned: OwnedKeys
  readonly hash: Uint8Array
  readonly digest: Uint8Array
}

const remembered = 10_000

const remember = (proven: Map<CredentialId, Proven>, id: CredentialId, what: Proven): void => {
  proven.delete(id)
  proven.set(id, what)
  const [oldest] = proven.keys()
  if (proven.size > remembered && oldest !== undefined) proven.delete(oldest)
}

const hashUnder = (key: KeyObject, secret: Secret<string>, id: CredentialId): Buffer => {
  const fields = encodeFields('credential', id, openSecret(secret, 'authenticate'))
  try {
    return createHmac('sha256', key).update(fields).digest()
  } finally {
    fields.fill(0)
  }
}

const isEqual = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b)
