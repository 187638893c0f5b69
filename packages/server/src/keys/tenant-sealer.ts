import type { TenantId } from '@cardkeep/core/kernel/ids'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import type { KeyPurpose } from '@cardkeep/core/keys'
import { encodeFields } from './encode-fields.ts'
import { openEnvelope, readKeyVersion, type Sealing, sealEnvelope } from './envelope.ts'
import type { LoadedKey } from './key-snapshot.ts'
import { type KeySource, type KeyWish, needOpeningKey, needSealingKey } from './use-keys.ts'

/** Seals a secret of a tenant that stands in one field of one of its records. */
export interface TenantSealer<Place> {
  seal(place: Place, text: Secret<string>): Promise<Uint8Array>
  /** Throws if the bytes were changed, or were sealed for another place. */
  open(place: Place, sealed: Uint8Array): Promise<Secret<string>>
}

/** `fieldsOf` names the record and its field; what was sealed for one such list opens for no other. */
export const createTenantSealer = <Place extends { readonly tenantId: TenantId }>(
  keys: KeySource,
  purpose: KeyPurpose,
  fieldsOf: (place: Place) => readonly string[],
): TenantSealer<Place> => {
  const wishFor = ({ tenantId }: Place): KeyWish => ({
    purpose,
    owner: { type: 'tenant', id: tenantId },
    environment: undefined,
  })
  const sealingOf = ({ key, record }: LoadedKey, place: Place): Sealing => ({
    algorithm: 'direct',
    key,
    keyVersion: record.version,
    context: encodeFields(purpose, record.environment ?? '', place.tenantId, ...fieldsOf(place)),
  })
  return {
    seal: async (place, text) => {
      const key = await needSealingKey(keys, wishFor(place))
      return sealEnvelope(sealingOf(key, place), Buffer.from(openSecret(text, 'seal')))
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
  }
}
