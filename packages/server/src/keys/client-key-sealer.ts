import type { Destination } from '@cardkeep/core/destinations/destination'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { encodeFields } from './encode-fields.ts'
import { openEnvelope, readKeyVersion, type Sealing, sealEnvelope } from './envelope.ts'
import type { LoadedKey } from './key-snapshot.ts'
import { type KeySource, type KeyWish, needOpeningKey, needSealingKey } from './use-keys.ts'

/** Which destination a private key is for. */
export type ClientKeyPlace = Pick<Destination, 'tenantId' | 'id'>

/** Seals the PEM private keys with which the vault proves itself to providers. */
export interface ClientKeySealer {
  seal(place: ClientKeyPlace, pem: Secret<string>): Promise<Uint8Array>
  /** Throws if the bytes were changed, or were sealed for another tenant or destination. */
  open(place: ClientKeyPlace, sealed: Uint8Array): Promise<Secret<string>>
}

export const createClientKeySealer = (keys: KeySource): ClientKeySealer => ({
  seal: async (place, pem) => {
    const key = await needSealingKey(keys, wishFor(place))
    return sealEnvelope(sealingOf(key, place), Buffer.from(openSecret(pem, 'seal')))
  },
  open: async (place, sealed) => {
    const key = await needOpeningKey(keys, wishFor(place), readKeyVersion(sealed))
    const plaintext = openEnvelope(sealingOf(key, place), sealed)
    try {
      return new Secret(plaintext.toString('utf8'))
    } finally {
      plaintext.fill(0)
    }
  },
})

const wishFor = ({ tenantId }: ClientKeyPlace): KeyWish => ({
  purpose: 'client-tls',
  owner: { type: 'tenant', id: tenantId },
  environment: undefined,
})

const sealingOf = ({ key, record }: LoadedKey, { tenantId, id }: ClientKeyPlace): Sealing => ({
  algorithm: 'direct',
  key,
  keyVersion: record.version,
  // purpose, environment, tenant, destination, field
  context: encodeFields('client-tls', record.environment ?? '', tenantId, id, 'private key'),
})
