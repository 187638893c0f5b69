import { eventTypes, type VaultEvent } from '@cardkeep/core/events/event'
import type { DeadDelivery, Delivery, OutboxState, Webhook } from '@cardkeep/core/events/webhook'
import { subjectTypes, webhookForms } from './known-words.ts'
import {
  type Row,
  readBytes,
  readFlag,
  readId,
  readNumber,
  readOptional,
  readScalars,
  readText,
  readTime,
  readWord,
} from './values.ts'

export const readWebhook = (row: Row): Webhook => ({
  id: readId(row, 'id'),
  tenantId: readId(row, 'tenant_id'),
  url: readText(row, 'url'),
  events: readEvents(row),
  form: readWord(row, 'form', webhookForms),
  allowPrivate: readFlag(row, 'allow_private'),
  ca: readOptional(row, 'ca', readText),
  sealedSecret: readBytes(row, 'sealed_secret'),
  createdAt: readTime(row, 'created_at'),
  health: {
    failures: readNumber(row, 'failures'),
    pausedUntil: readOptional(row, 'paused_until', readTime),
  },
})

/** They are a set, and come in the order of the catalogue. */
const readEvents = (row: Row): Webhook['events'] => {
  const wanted = new Set(readOptional(row, 'events', readText)?.split(' '))
  return eventTypes.filter((type) => wanted.has(type))
}

export const readDelivery = (row: Row): Delivery => ({
  no: readNumber(row, 'no'),
  webhookId: readId(row, 'webhook_id'),
  event: readEvent(row),
  attempts: readNumber(row, 'attempts'),
})

const readEvent = (row: Row): VaultEvent => ({
  id: readId(row, 'event_id'),
  tenantId: readId(row, 'tenant_id'),
  type: readWord(row, 'event', eventTypes),
  subject: { type: readWord(row, 'subject_type', subjectTypes), id: readId(row, 'subject_id') },
  at: readTime(row, 'at'),
  data: readScalars(row, 'data'),
})

export const readDeadDelivery = (row: Row): DeadDelivery => ({
  ...readDelivery(row),
  deadAt: readTime(row, 'dead_at'),
  failure: readText(row, 'failure'),
})

export const readOutboxState = (row: Row): OutboxState => ({
  waiting: readNumber(row, 'waiting'),
  oldestAt: readOptional(row, 'oldest_at', readTime),
  dead: readNumber(row, 'dead'),
})
