import type { NetworkTokenCipher, NetworkTokenPlace } from '@cardkeep/core/ports'
import { encodeFields } from './encode-fields.ts'
import { openEnvelope, readKeyVersion, type Sealing, sealEnvelope } from './envelope.ts'
import type { LoadedKey } from './key-snapshot.ts'
import { readIssued, writeIssued } from './network-token-text.ts'
import { type KeySource, type KeyWish, needOpeningKey, needSealingKey } from './use-keys.ts'

/** Seals what schemes give out under a key of its own, derived from its scope's card key for its token and its id. */
export const createNetworkTokenCipher = (keys: KeySource): NetworkTokenCipher => ({
  seal: async (place, issued) =>
    sealEnvelope(sealingOf(await needSealingKey(keys, wishFor(place)), place), writeIssued(issued)),

  open: async (place, sealed) => {
    const key = await needOpeningKey(keys, wishFor(place), readKeyVersion(sealed))
    const plaintext = openEnvelope(sealingOf(key, place), sealed)
    try {
      return readIssued(plaintext)
    } finally {
      plaintext.fill(0)
    }
  },
})

const wishFor = ({ scopeId, environment }: NetworkTokenPlace): KeyWish => ({
  purpose: 'card',
  owner: { type: 'scope', id: scopeId },
  environment,
})

const sealingOf = (
  { key, record }: LoadedKey,
  { environment, scopeId, tokenId, id }: NetworkTokenPlace,
): Sealing => ({
  algorithm: 'derived',
  key,
  keyVersion: record.version,
  // purpose, environment, scope, token, field, which one of the token's
  context: encodeFields('card', environment, scopeId, tokenId, 'network token', id),
})
