import type { AuditChain } from '@cardkeep/core/audit/chain'
import type { Store, StoredAuditEntry } from '@cardkeep/core/ports'

const batch = 1000

/** A chain in order, a batch at a time, up to the place that is named or to its end. */
export async function* readAllEntries(
  store: Pick<Store, 'auditEntries'>,
  chain: AuditChain,
  upTo = Number.POSITIVE_INFINITY,
): AsyncGenerator<StoredAuditEntry> {
  for (let after = 0; after < upTo; ) {
    const entries = await store.auditEntries(after, Math.min(batch, upTo - after), chain)
    yield* entries.filter(({ seq }) => seq <= upTo)
    const last = entries.at(-1)
    if (!last) return
    after = last.seq
  }
}
