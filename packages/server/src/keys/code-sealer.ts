import type { SecurityCode } from '@cardkeep/core/cards/card'
import type { CodeAddress } from '@cardkeep/core/codes/held-code'
import type { TokenId } from '@cardkeep/core/kernel/ids'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import type { CardPlace } from '@cardkeep/core/tokens/place'
import { encodeFields } from './encode-fields.ts'
import { openEnvelope, readKeyVersion, type Sealing, sealEnvelope } from './envelope.ts'
import type { LoadedKey } from './key-snapshot.ts'
import type { Keyring } from './keyring.ts'
import { createNameHash, createRememberedHash } from './name-hash.ts'
import { findOpeningKey, findSealingKey, type KeyWish, needOpeningKey, needSealingKey } from './use-keys.ts'

/** Lets a code store hold codes without being able to read them or to tell whose they are. */
export interface CodeSealer {
  /** 16 bytes: a keyed hash of the address. The same in every process, and after a rotation. */
  name(address: CodeAddress): Buffer
  /** The same of a token, by which its codes are dropped whosever they are. */
  tokenName(tokenId: TokenId): Buffer
  /** 16 bytes: a keyed hash of an origin that the code at this address may be sent to; for another address it is another. */
  originName(address: CodeAddress, origin: string): Buffer
  /** At once where the scope's key is loaded, which it is but for the first code of a scope. */
  seal(place: CardPlace, address: CodeAddress, code: SecurityCode): Uint8Array | Promise<Uint8Array>
  /** Throws if the bytes were changed, or were sealed for another place or address. */
  open(place: CardPlace, address: CodeAddress, sealed: Uint8Array): SecurityCode | Promise<SecurityCode>
}

/**
 * A code is sealed under a key derived from its scope's code key for its place and address. Its name comes from a key of
 * the vault instead, because whoever drops a code knows its address and not its scope.
 */
export const createCodeSealer = (keys: Pick<Keyring, 'find' | 'reload' | 'vaultKeys'>): CodeSealer => {
  const hash = createNameHash(keys)
  const nameOf = createRememberedHash(keys, 'code name')
  return {
    name: (address) => nameOf(...fieldsOf(address)),

    tokenName: (tokenId) => nameOf('token', tokenId),

    originName: (address, origin) => hash('code destination', origin, ...fieldsOf(address)),

    seal: (place, address, code) => {
      const wish = wishFor(place)
      const seal = (key: LoadedKey): Uint8Array =>
        sealEnvelope(sealingOf(key, place, address), Buffer.from(openSecret(code, 'seal')))
      const key = findSealingKey(keys, wish)
      return key ? seal(key) : needSealingKey(keys, wish).then(seal)
    },

    open: (place, address, sealed) => {
      const wish = wishFor(place)
      const version = readKeyVersion(sealed)
      const open = (key: LoadedKey): SecurityCode => openCode(sealingOf(key, place, address), sealed)
      const key = findOpeningKey(keys, wish, version)
      return key ? open(key) : needOpeningKey(keys, wish, version).then(open)
    },
  }
}

const openCode = (sealing: Sealing, sealed: Uint8Array): SecurityCode => {
  const plaintext = openEnvelope(sealing, sealed)
  try {
    return new Secret(plaintext.toString('latin1'))
  } finally {
    plaintext.fill(0)
  }
}

const wishFor = ({ scopeId, environment }: CardPlace): KeyWish => ({
  purpose: 'code',
  owner: { type: 'scope', id: scopeId },
  environment,
})

const sealingOf = (
  { key, record }: LoadedKey,
  { environment, scopeId, tokenId }: CardPlace,
  address: CodeAddress,
): Sealing => ({
  algorithm: 'derived',
  key,
  keyVersion: record.version,
  // purpose, environment, scope, token, field, address
  context: encodeFields('code', environment, scopeId, tokenId, 'code', ...fieldsOf(address)),
})

const fieldsOf = (address: CodeAddress): readonly string[] =>
  address.type === 'session'
    ? ['session', address.tenantId, address.sessionId]
    : ['token', address.tenantId, address.tokenId]
