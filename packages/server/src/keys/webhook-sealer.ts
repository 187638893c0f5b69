import type { Webhook } from '@cardkeep/core/events/webhook'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { encodeFields } from './encode-fields.ts'
import { openEnvelope, readKeyVersion, type Sealing, sealEnvelope } from './envelope.ts'
import type { LoadedKey } from './key-snapshot.ts'
import { type KeySource, type KeyWish, needOpeningKey, needSealingKey } from './use-keys.ts'

/** Which webhook a signing secret is for. */
export type WebhookPlace = Pick<Webhook, 'tenantId' | 'id'>

/** Seals the secrets with which deliveries are signed. */
export interface WebhookSealer {
  seal(place: WebhookPlace, secret: Secret<string>): Promise<Uint8Array>
  /** Throws if the bytes were changed, or were sealed for another tenant or webhook. */
  open(place: WebhookPlace, sealed: Uint8Array): Promise<Secret<string>>
}

export const createWebhookSealer = (keys: KeySource): WebhookSealer => ({
  seal: async (place, secret) => {
    const key = await needSealingKey(keys, wishFor(place))
    return sealEnvelope(sealingOf(key, place), Buffer.from(openSecret(secret, 'seal')))
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

const wishFor = ({ tenantId }: WebhookPlace): KeyWish => ({
  purpose: 'webhook',
  owner: { type: 'tenant', id: tenantId },
  environment: undefined,
})

const sealingOf = ({ key, record }: LoadedKey, { tenantId, id }: WebhookPlace): Sealing => ({
  algorithm: 'direct',
  key,
  keyVersion: record.version,
  // purpose, environment, tenant, webhook, field
  context: encodeFields('webhook', record.environment ?? '', tenantId, id, 'signing secret'),
})
