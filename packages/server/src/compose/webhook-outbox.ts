import { randomInt } from 'node:crypto'
import type { ReadinessState } from '../http/readiness.ts'
import type { Log } from '../log/log.ts'
import { createOutbox, type Outbox, webhookEgress } from '../webhooks/outbox.ts'
import { createKeylessEgress } from './keyless-egress.ts'
import type { Vault } from './open-vault.ts'

/** Deliveries have connections of their own: a slow receiver holds up no forward, and gets less patience. */
export const createWebhookOutbox = (
  { store, clock, webhookSecrets }: Pick<Vault, 'store' | 'clock' | 'webhookSecrets'>,
  { isSealed }: Pick<ReadinessState, 'isSealed'>,
  log: Log,
): Outbox => {
  const egress = createKeylessEgress(webhookEgress)
  const outbox = createOutbox({
    store,
    egress,
    clock,
    log,
    openSecret: (webhook) => webhookSecrets.open(webhook, webhook.sealedSecret),
    chance: () => randomInt(2 ** 32) / 2 ** 32,
    isSealed,
  })
  return {
    ...outbox,
    stop: async () => {
      await outbox.stop()
      await egress.close()
    },
  }
}
