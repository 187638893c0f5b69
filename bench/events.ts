import type { EventId, WebhookId } from '@cardkeep/core/kernel/ids'
import { createWebhook } from '@cardkeep/core/operations/administration/change-webhooks'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import type { Vault } from '@cardkeep/server/compose/open-vault'
import { needsForm } from '@cardkeep/server/webhooks/forms/forms'
import { benchOperator, needs } from './vault.ts'

const eventsPerSecond = 2_000
const everyMs = 20

/** Of this type only: the tokens that a load makes are told to nobody. */
const type = 'token.updated'

export const tellReceiver = async (
  vault: Vault,
  tenant: Tenant,
  origin: string,
  ca: string,
): Promise<void> => {
  const id = vault.ids.uuid() as WebhookId
  needs(
    await createWebhook(vault.operatorPorts, benchOperator, tenant, {
      id,
      url: `${origin}/events`,
      events: [type],
      form: 'standard',
      allowPrivate: true,
      ca,
      sealSecret: () =>
        vault.webhookSecrets.seal({ tenantId: tenant.id, id }, needsForm('standard').makeSecret()),
    }),
  )
}

/** Events of as many subjects, committed as operations do, at a fixed rate between `start events` and `stop events`. */
export const createEventSource = (vault: Vault, tenant: Tenant): Readonly<Record<string, () => unknown>> => {
  const { store, clock, ids } = vault
  let timer: NodeJS.Timeout | undefined
  let startedAt = 0
  let emitted = 0

  const emit = (): void => {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * eventsPerSecond) - emitted
    emitted += due
    const changes = Array.from({ length: due }, () => {
      const subject = { type: 'token', id: ids.uuid() } as const
      const data = {
        type: 'card',
        status: 'active',
        last4: '0002',
        length: 16,
        bin: '400000',
        scheme: 'visa',
      }
      const event = {
        id: ids.uuid() as EventId,
        tenantId: tenant.id,
        type,
        subject,
        at: clock.now(),
        data,
      } as const
      return { type: 'emit-event', event } as const
    })
    if (changes.length > 0) void store.commit(changes)
  }

  return {
    'start events': () => {
      startedAt = performance.now()
      emitted = 0
      timer = setInterval(emit, everyMs)
    },
    'stop events': () => {
      clearInterval(timer)
      return emitted
    },
    'events waiting': async () => (await store.outboxState()).waiting,
  }
}
