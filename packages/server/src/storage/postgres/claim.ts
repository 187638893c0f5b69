import type { Delivery } from '@cardkeep/core/events/webhook'
import type { WebhookId } from '@cardkeep/core/kernel/ids'
import type { Store } from '@cardkeep/core/ports'
import { readDelivery } from '../sql/outbox-rows.ts'
import { idValue, type Row, readId, type SqlValue } from '../sql/values.ts'

type ClaimWish = Parameters<Store['claimDeliveries']>[0]

export type AskRows = (
  statement: 'dueWebhooks' | 'claimDeliveries',
  values: readonly SqlValue[],
) => Promise<readonly Row[]>

/**
 * Each webhook gets an equal share of the limit, and what one does not need goes to the others: a long queue before one
 * endpoint holds nobody else up. Each share is a transaction of its own, which passes over what others are taking.
 */
export const claimDueDeliveries = async (ask: AskRows, wish: ClaimWish): Promise<readonly Delivery[]> => {
  const { at, until, limit } = wish
  const claimed: Delivery[] = []
  let webhooks = await listDueWebhooks(ask, wish)
  // Precondition: a claim lasts. What is due again at once would be given out twice here and now.
  if (until <= at) throw new Error('a claim must end after it begins')
  while (webhooks.length > 0 && claimed.length < limit) {
    const share = Math.ceil((limit - claimed.length) / webhooks.length)
    const hungry: WebhookId[] = []
    for (const id of webhooks) {
      const wanted = Math.min(share, limit - claimed.length)
      if (wanted === 0) break
      const rows = await ask('claimDeliveries', [idValue(id), at, until, wanted])
      claimed.push(...rows.map(readDelivery))
      if (rows.length === wanted) hungry.push(id)
    }
    webhooks = hungry
  }
  return claimed.toSorted((a, b) => a.no - b.no)
}

/** Webhooks that have something due and are not paused, the one that has waited longest first. */
const listDueWebhooks = async (
  ask: AskRows,
  { at, except = [] }: ClaimWish,
): Promise<readonly WebhookId[]> => {
  const rows = await ask('dueWebhooks', [at])
  return rows.map((row) => readId<WebhookId>(row, 'id')).filter((id) => !except.includes(id))
}
