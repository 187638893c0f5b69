import type { Store } from '@cardkeep/core/ports'

/** How many entries were written to all chains together; where stores have a chain each, the main one names them besides. */
export const countEntries = async (store: Pick<Store, 'auditChains' | 'auditEntries'>): Promise<number> => {
  let count = 0
  for (const chain of await store.auditChains())
    count += (await store.auditEntries(0, 1_000, chain)).filter(
      ({ text }) => !text.includes('"audit.chain-begun"'),
    ).length
  return count
}
