import type { Dialect } from '../codes/policy.ts'
import type { TenantId, WebhookId } from '../kernel/ids.ts'
import type { EpochMs } from '../kernel/time.ts'
import type { EventType, VaultEvent } from './event.ts'

/** Who forms and signs what is delivered: Standard Webhooks, or a dialect that has its own way. */
export type WebhookForm = 'standard' | Dialect

/** Where a tenant is told of events. */
export interface Webhook {
  readonly id: WebhookId
  readonly tenantId: TenantId
  readonly url: string
  readonly events: readonly EventType[]
  readonly form: WebhookForm
  /** Allows private and loopback addresses, and for test tenants plain HTTP there. */
  readonly allowPrivate: boolean
  /** PEM; where given, no other authority is trusted for it. */
  readonly ca: string | undefined
  /** The signing secret, sealed under the tenant's webhook key. */
  readonly sealedSecret: Uint8Array
  readonly createdAt: EpochMs
  readonly health: WebhookHealth
}

/** How an endpoint has answered lately. */
export interface WebhookHealth {
  /** Failures since the last success. */
  readonly failures: number
  /** Nothing is sent before this time; `undefined` where it is not paused. */
  readonly pausedUntil: EpochMs | undefined
}

/** An event on its way to one webhook. */
export interface Delivery {
  /** Grows; of one webhook and subject the lowest goes first. */
  readonly no: number
  readonly webhookId: WebhookId
  readonly event: VaultEvent
  /** How many have failed. */
  readonly attempts: number
}

/** One that was given up: nobody took it in the time that there was. */
export interface DeadDelivery extends Delivery {
  readonly deadAt: EpochMs
  readonly failure: string
}

/** What is known of deliveries that wait. */
export interface OutboxState {
  readonly waiting: number
  /** When the oldest of those that wait happened. */
  readonly oldestAt: EpochMs | undefined
  readonly dead: number
}
