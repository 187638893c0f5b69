import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { CredentialId } from '@cardkeep/core/kernel/ids'
import { openSecret, type Secret } from '@cardkeep/core/kernel/secret'
import { encodeFields } from './encode-fields.ts'
import type { Keyring } from './keyring.ts'

export interface CredentialHasher {
  /** HMAC-SHA-256 of the secret and the id of its credential under the vault's credential key, 32 bytes. */
  hash(secret: Secret<string>, id: CredentialId): Uint8Array
  /** In constant time for each key. A hash made under an earlier key that is not destroyed matches too. */
  matches(hash: Uint8Array, secret: Secret<string>, id: CredentialId): boolean
}

/** Secrets are random and long, so a keyed hash keeps them; a slow one would only slow the vault down. */
export const createCredentialHasher = (keys: Pick<Keyring, 'vaultKeys'>): CredentialHasher => ({
  hash: (secret, id) => {
    const { active } = keys.vaultKeys('credential')
    if (!active) throw new Error('no credential key of the vault is active')
    return hashUnder(active.key, secret, id)
  },
  matches: (hash, secret, id) =>
    keys.vaultKeys('credential').usable.some(({ key }) => isEqual(hashUnder(key, secret, id), hash)),
})

const hashUnder = (key: KeyObject, secret: Secret<string>, id: CredentialId): Buffer => {
  const fields = encodeFields('credential', id, openSecret(secret, 'authenticate'))
  try {
    return createHmac('sha256', key).update(fields).digest()
  } finally {
    fields.fill(0)
  }
}

const isEqual = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b)
