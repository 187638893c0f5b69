import { createHmac, type KeyObject } from 'node:crypto'
import { type Pan, parsePan } from '@cardkeep/core/cards/pan'
import { parseServiceCode, type ServiceCode } from '@cardkeep/core/issuing/service-code'
import type { IssuedCardId, TenantId } from '@cardkeep/core/kernel/ids'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import type { IssuedCardCipher, IssuedCardPlace } from '@cardkeep/core/ports'
import { encodeFields } from './encode-fields.ts'
import { deriveKey, openEnvelope, readKeyVersion, type Sealing, sealEnvelope } from './envelope.ts'
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

/** Keys of service codes, for each issuer: a rotation opens those of all cards of its part, then seals as many anew. */
const keysRemembered = 1_024

/** Seals numbers and service codes of issued cards, each under a key of its card and field. */
export const createIssuedCardCipher = (keys: KeySource): IssuedCardCipher => {
  /** By the key that they come of, so that they go with it: a vault that was sealed shall know none of them. */
  const remembered = new WeakMap<KeyObject, Map<IssuedCardId, KeyObject>>()

  const keysOf = (key: KeyObject): Map<IssuedCardId, KeyObject> => {
    const known = remembered.get(key) ?? new Map<IssuedCardId, KeyObject>()
    remembered.set(key, known)
    return known
  }

  /** What derives it is dearer than what it is for. The one that was remembered first makes room for the next. */
  const serviceCodeKey = (sealing: Sealing, { id }: IssuedCardPlace): KeyObject => {
    const keys = keysOf(sealing.key)
    const known = keys.get(id)
    if (known) return known
    const key = deriveKey(sealing.key, sealing.keyVersion, sealing.context)
    const [oldest] = keys.keys()
    if (oldest !== undefined && keys.size >= keysRemembered) keys.delete(oldest)
    keys.set(id, key)
    return key
  }

  const sealingOf = ({ key, record }: LoadedKey, place: IssuedCardPlace, field: Field): Sealing => {
    const { tenantId, id } = place
    // purpose, environment, tenant, card, field
    const context = encodeFields('issued-card', record.environment ?? '', tenantId, String(id), field)
    const sealing: Sealing = { algorithm: 'derived', key, keyVersion: record.version, context }
    return field === 'number' ? sealing : { ...sealing, derived: serviceCodeKey(sealing, place) }
  }

  // Nothing is awaited where the key is there: a storm of rotations opens and seals by the thousand.
  const seal = async (place: IssuedCardPlace, field: Field, text: Secret<string>): Promise<Uint8Array> => {
    const wish = wishFor('issued-card', place.tenantId)
    const key = findSealingKey(keys, wish) ?? (await needSealingKey(keys, wish))
    return sealEnvelope(sealingOf(key, place, field), Buffer.from(openSecret(text, 'seal'), 'latin1'))
  }
  const open = async (place: IssuedCardPlace, field: Field, sealed: Uint8Array): Promise<string> => {
    const wish = wishFor('issued-card', place.tenantId)
    const version = readKeyVersion(sealed)
    const key = findOpeningKey(keys, wish, version) ?? (await needOpeningKey(keys, wish, version))
    const plaintext = openEnvelope(sealingOf(key, place, field), sealed)
    try {
      return plaintext.toString('latin1')
    } finally {
      plaintext.fill(0)
    }
  }
  return {
    sealNumber: (place, pan) => seal(place, 'number', pan),
    openNumber: async (place, sealed) => needPan(await open(place, 'number', sealed)),
    sealServiceCode: (place, serviceCode) => seal(place, 'service code', serviceCode),
    openServiceCode: async (place, sealed) => needServiceCode(await open(place, 'service code', sealed)),

    numberHashes: async (tenantId, pan) => {
      const { active, usable } = await needKeys(keys, wishFor('issued-number', tenantId))
      if (!active) throw new Error(`no issued-number key of tenant ${tenantId} is active`)
      const number = Buffer.from(openSecret(pan, 'fingerprint'), 'latin1')
      try {
        return usable.map(({ key }) => createHmac('sha256', key).update(number).digest())
      } finally {
        number.fill(0)
      }
    },
  }
}

type Field = 'number' | 'service code'

const wishFor = (purpose: 'issued-card' | 'issued-number', tenantId: TenantId): KeyWish => ({
  purpose,
  owner: { type: 'tenant', id: tenantId },
  environment: undefined,
})

const needPan = (text: string): Pan => {
  const pan = parsePan(new Secret(text))
  if (!pan.ok) throw new Error('what was sealed is no card number')
  return pan.value
}

const needServiceCode = (text: string): ServiceCode => {
  const serviceCode = parseServiceCode(text)
  if (!serviceCode) throw new Error('what was sealed is no service code')
  return serviceCode
}
