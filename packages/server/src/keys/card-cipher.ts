import { createHmac } from 'node:crypto'
import type { CardCipher } from '@cardkeep/core/ports'
import type { CardPlace, ScopePlace } from '@cardkeep/core/tokens/place'
import { encodeFields } from './encode-fields.ts'
import { openEnvelope, readKeyVersion, type Sealing, sealEnvelope } from './envelope.ts'
import { readInstrument, writeIdentity, writeInstrument } from './instrument-text.ts'
import type { LoadedKey } from './key-snapshot.ts'
import {
  findOpeningKey,
  findSealingKey,
  type KeySource,
  type KeyWish,
  needKeys,
  needOpeningKey,
  needSealingKey,
} from './use-keys.ts'

/**
 * Seals each card or account under a key of its own, derived from its scope's card key for its token, and computes the
 * keyed hash of the whole number under the scope's fingerprint key (PCI DSS 3.5.1.1).
 */
export const createCardCipher = (keys: KeySource): CardCipher => ({
  seal: async (place, instrument) => {
    const wish = wishFor('card', place)
    const key = findSealingKey(keys, wish) ?? (await needSealingKey(keys, wish))
    return sealEnvelope(sealingOf(key, place), writeInstrument(instrument))
  },

  open: async (place, sealed) => {
    const wish = wishFor('card', place)
    const version = readKeyVersion(sealed)
    const key = findOpeningKey(keys, wish, version) ?? (await needOpeningKey(keys, wish, version))
    const plaintext = openEnvelope(sealingOf(key, place), sealed)
    try {
      return readInstrument(plaintext)
    } finally {
      plaintext.fill(0)
    }
  },

  fingerprints: async (place, instrument) => {
    const { active, usable } = await needKeys(keys, wishFor('fingerprint', place))
    if (!active) throw new Error(`no fingerprint key of scope ${place.scopeId} is active`)
    const identity = writeIdentity(instrument)
    try {
      return usable.map(({ key, record }) => ({
        hash: createHmac('sha256', key).update(identity).digest(),
        keyVersion: record.version,
      }))
    } finally {
      identity.fill(0)
    }
  },
})

const wishFor = (purpose: 'card' | 'fingerprint', { scopeId, environment }: ScopePlace): KeyWish => ({
  purpose,
  owner: { type: 'scope', id: scopeId },
  environment,
})

const sealingOf = ({ key, record }: LoadedKey, { environment, scopeId, tokenId }: CardPlace): Sealing => ({
  algorithm: 'derived',
  key,
  keyVersion: record.version,
  // purpose, environment, scope, token, field
  context: encodeFields('card', environment, scopeId, tokenId, 'card'),
})
