import type { TenantId } from '@cardkeep/core/kernel/ids'
import type { RotatingCard, Store } from '@cardkeep/core/ports'
import { latestEnd } from '../latest-end.ts'
import { readRotatingCard } from '../sql/issuing-rows.ts'
import { idValue, readId } from '../sql/values.ts'
import type { Prepared } from './prepare.ts'

type ClaimWish = Parameters<Store['claimRotations']>[0]

/** Issuers that have cards to be claimed, the one that has waited longest first. */
export const listDueIssuers = (prepared: Prepared, wish: ClaimWish): readonly TenantId[] =>
  prepared.dueIssuers
    .all(wish.at, latestEnd(wish))
    .map((row) => readId<TenantId>(row, 'tenant_id'))
    .filter((id) => wish.tenantId === undefined || wish.tenantId === id)

/**
 * To be run inside a transaction. Each issuer gets an equal share of the limit, and what one does not need goes to the others: a
 * million cards of one hold nobody else's up.
 */
export const claimDueRotations = (prepared: Prepared, wish: ClaimWish): readonly RotatingCard[] => {
  const { at, until, limit } = wish
  const claimed: RotatingCard[] = []
  let issuers = listDueIssuers(prepared, wish)
  while (issuers.length > 0 && claimed.length < limit) {
    const share = Math.ceil((limit - claimed.length) / issuers.length)
    issuers = issuers.filter((id) => {
      const wanted = Math.min(share, limit - claimed.length)
      if (wanted === 0) return false
      const which = [idValue(id), at, wanted, latestEnd(wish)]
      const rows = prepared.dueRotations.all(...which)
      prepared.claimRotations.run(...which, until)
      for (const row of rows) claimed.push(readRotatingCard(row))
      return rows.length === wanted
    })
  }
  return claimed
}
