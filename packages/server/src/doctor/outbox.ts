import { minuteMs } from '@cardkeep/core/kernel/time'
import type { Vault } from '../compose/open-vault.ts'
import type { Finding } from './finding.ts'

export const examineOutbox = async (vault: Vault): Promise<readonly Finding[]> => [
  await examineDeliveries(vault),
  await examineWebhooks(vault),
]

/** A delivery is tried at once; one that waits so long was refused, or nobody delivers. */
const patienceMs = 10 * minuteMs

const examineDeliveries = async ({ store, clock }: Vault): Promise<Finding> => {
  const { waiting, oldestAt, dead } = await store.outboxState()
  const isLate = oldestAt !== undefined && clock.now() - oldestAt > patienceMs
  const parts = [
    `${waiting} waiting`,
    ...(isLate ? ['some for longer than ten minutes'] : []),
    ...(dead > 0 ? [`${dead} given up: see webhook failures`] : []),
  ]
  return { check: 'outbox', status: isLate || dead > 0 ? 'warn' : 'ok', detail: parts.join(', ') }
}

const examineWebhooks = async ({ store, clock }: Vault): Promise<Finding> => {
  const webhooks = await store.webhooks(undefined)
  const paused = webhooks.filter(({ health }) => (health.pausedUntil ?? 0) > clock.now())
  return paused.length === 0
    ? { check: 'webhooks', status: 'ok', detail: `${webhooks.length}, none paused` }
    : {
        check: 'webhooks',
        status: 'warn',
        detail: `paused after failures: ${paused.map(({ id }) => id).join(', ')}`,
      }
}
