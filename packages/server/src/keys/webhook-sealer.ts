import type { Webhook } from '@cardkeep/core/events/webhook'
import { createTenantSealer, type TenantSealer } from './tenant-sealer.ts'
import type { KeySource } from './use-keys.ts'

/** Which webhook a signing secret is for. */
export type WebhookPlace = Pick<Webhook, 'tenantId' | 'id'>

/** Seals the secrets with which deliveries are signed. */
export type WebhookSealer = TenantSealer<WebhookPlace>

export const createWebhookSealer = (keys: KeySource): WebhookSealer =>
  createTenantSealer(keys, 'webhook', ({ id }) => [id, 'signing secret'])
