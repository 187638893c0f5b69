import type { Store, StoredAuditEntry } from '@cardkeep/core/ports'

const batch = 1000

/** The whole chain in order, a batch at a time. */
export async function* readAllEntries(store: Pick<Store, 'auditEntries'>): AsyncGenerator<StoredAuditEntry> {
  for (let after = 0; ; ) {
    const entries = await store.auditEntries(after, batch)
    yield* entries
    const last = entries.at(-1)
    if (!last) return
    after = last.seq
  }
}
