import type { Delivery } from '@cardkeep/core/events/webhook'
import type { WebhookId } from '@cardkeep/core/kernel/ids'
import type { Store } from '@cardkeep/core/ports'
import { readDelivery } from '../sql/outbox-rows.ts'
import { idValue, readId } from '../sql/values.ts'
import type { Prepared } from './prepare.ts'

type ClaimWish = Parameters<Store['claimDeliveries']>[0]

/** Webhooks that have something due and are not paused, the one that has waited longest first. */
export const listDueWebhooks = (prepared: Prepared, { at, except = [] }: ClaimWish): readonly WebhookId[] =>
  prepared.dueWebhooks
    .all(at)
    .map((row) => readId<WebhookId>(row, 'id'))
    .filter((id) => !except.includes(id))

/**
 * To be run inside a transaction. Each webhook gets an equal share of the limit, and what one does not need goes to
 * the others: a long queue before one endpoint holds nobody else up.
 */
export const claimDueDeliveries = (prepared: Prepared, wish: ClaimWish): readonly Delivery[] => {
  const { at, until, limit } = wish
  // Precondition: a claim lasts. What is due again at once would be given out twice here and now.
  if (until <= at) throw new Error('a claim must end after it begins')
  const claimed: Delivery[] = []
  let webhooks = listDueWebhooks(prepared, wish)
  while (webhooks.length > 0 && claimed.length < limit) {
    const share = Math.ceil((limit - claimed.length) / webhooks.length)
    webhooks = webhooks.filter((id) => {
      const wanted = Math.min(share, limit - claimed.length)
      if (wanted === 0) return false
      const rows = prepared.claimDeliveries.all(idValue(id), at, until, wanted)
      claimed.push(...rows.map(readDelivery))
      return rows.length === wanted
    })
  }
  return claimed.toSorted((a, b) => a.no - b.no)
}
