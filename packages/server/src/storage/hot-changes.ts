import type { Change } from '@cardkeep/core/changes'

/** These come with every request or many times a second, and nobody remembers anything of what they change. */
export const hotChanges: ReadonlySet<Change['type']> = new Set([
  'put-fingerprint',
  'put-token',
  'expect-token',
  'use-credential',
  'set-webhook-health',
  'emit-event',
  'settle-delivery',
  'delay-delivery',
  'give-up-delivery',
  'replay-delivery',
  'purge-dead-deliveries',
  'claim-idempotency',
  'settle-idempotency',
  'release-idempotency',
  'purge-idempotency',
  'put-bins',
  'use-bins',
  'audit',
  'put-checkpoint',
  'ship-audit',
  'archive-audit',
  'reserve-seals',
])
