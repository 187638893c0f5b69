import type { Dialect } from '@cardkeep/core/codes/policy'
import { eventTypes, type VaultEvent } from '@cardkeep/core/events/event'
import type { WebhookForm } from '@cardkeep/core/events/webhook'
import { wordsOf } from './values.ts'

/*
 * Rows of a newer program on the same database may have words that this one does not know. Where a row is nothing to this
 * program without its word, statements do not find it: what cannot be done here is left to those who can, and not taken from
 * them.
 */

export const dialects = wordsOf<Dialect>({ ozura: true, hellgate: true, verifone: true, pismo: true })
export const webhookForms: readonly WebhookForm[] = ['standard', ...dialects]
export const subjectTypes = wordsOf<VaultEvent['subject']['type']>({ token: true, 'issued-card': true })

const isOneOf = (column: string, words: readonly string[]): string =>
  `${column} in (${words.map((word) => `'${word}'`).join(', ')})`

export const isKnownCredential = isOneOf('dialect', dialects)
export const isKnownWebhook = isOneOf('form', webhookForms)
export const isKnownEvent = `${isOneOf('event', eventTypes)} and ${isOneOf('subject_type', subjectTypes)}`
