import type { TenantId } from '@cardkeep/core/kernel/ids'
import type { RotatingCard, Store } from '@cardkeep/core/ports'
import { latestEnd } from '../latest-end.ts'
import { readRotatingCard } from '../sql/issuing-rows.ts'
import { idValue, type Row, readId, type SqlValue } from '../sql/values.ts'

type ClaimWish = Parameters<Store['claimRotations']>[0]

export type AskRows = (
  statement: 'dueIssuers' | 'claimRotations',
  values: readonly SqlValue[],
) => Promise<readonly Row[]>

/**
 * Each issuer gets an equal share of the limit, and what one does not need goes to the others: a million cards of one hold
 * nobody else's up. Each share is a transaction of its own, which passes over what others are taking.
 */
export const claimDueRotations = async (ask: AskRows, wish: ClaimWish): Promise<readonly RotatingCard[]> => {
  const { at, until, limit } = wish
  const claimed: RotatingCard[] = []
  let issuers = await listDueIssuers(ask, wish)
  while (issuers.length > 0 && claimed.length < limit) {
    const share = Math.ceil((limit - claimed.length) / issuers.length)
    const hungry: TenantId[] = []
    for (const id of issuers) {
      const wanted = Math.min(share, limit - claimed.length)
      if (wanted === 0) break
      const rows = await ask('claimRotations', [idValue(id), at, wanted, latestEnd(wish), until])
      for (const row of rows) claimed.push(readRotatingCard(row))
      if (rows.length === wanted) hungry.push(id)
    }
    issuers = hungry
  }
  return claimed
}

/** Issuers that have cards to be claimed, the one that has waited longest first. */
const listDueIssuers = async (ask: AskRows, wish: ClaimWish): Promise<readonly TenantId[]> => {
  const rows = await ask('dueIssuers', [wish.at, latestEnd(wish)])
  return rows
    .map((row) => readId<TenantId>(row, 'tenant_id'))
    .filter((id) => wish.tenantId === undefined || wish.tenantId === id)
}
