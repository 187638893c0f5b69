import type { EventId, TenantId } from '../kernel/ids.ts'
import type { EpochMs } from '../kernel/time.ts'

/** What a tenant can be told of; a webhook names those that it wants. */
export const eventTypes = [
  'token.created',
  'token.updated',
  'token.suspended',
  'token.activated',
  'token.invalidated',
  'token.deleted',
  'token.expired',
  /** the CVV of an issued card changed, or when it will */
  'rotate_cvv',
] as const
export type EventType = (typeof eventTypes)[number]

/**
 * Something that happened, told in the commit that made it happen. It goes to the tenant whose token it is, with no
 * card number and no code: only what may be shown.
 */
export interface VaultEvent {
  readonly id: EventId
  readonly tenantId: TenantId
  readonly type: EventType
  /** Events of one subject are delivered in the order in which they happened. */
  readonly subject: EventSubject
  readonly at: EpochMs
  readonly data: Readonly<Record<string, string | number | boolean | null>>
}

export interface EventSubject {
  readonly type: 'token' | 'issued-card'
  readonly id: string
}
