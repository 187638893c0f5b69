import type { Store } from '@cardkeep/core/ports'
import { readAllEntries } from './read-all.ts'
import type { AuditMaterial, LogStart } from './verify.ts'

/** The vault's own log, as `verifyAudit` wants it. */
export const readMaterial = async (store: Store): Promise<AuditMaterial> => ({
  start: await readStart(store),
  // Before the entries: a checkpoint made meanwhile would sign one that the pass has not seen.
  checkpoints: await store.checkpoints(),
  publicKeys: new Map(
    (await store.keys()).flatMap(({ id, publicKey }) => (publicKey ? [[id, publicKey] as const] : [])),
  ),
  entries: readAllEntries(store),
})

export const readStart = async (store: Pick<Store, 'auditAnchor'>): Promise<LogStart | undefined> => {
  const anchor = await store.auditAnchor()
  return anchor && { seq: anchor.seq, hash: anchor.hash, isArchived: true }
}
