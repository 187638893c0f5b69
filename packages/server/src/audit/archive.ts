import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { AuditAnchor } from '@cardkeep/core/changes'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import { type Operator, operatorAudit } from '@cardkeep/core/operations/operator'
import type { Clock, Store } from '@cardkeep/core/ports'
import { exportLines } from './export-file.ts'

export interface Archived {
  /** The last entry that is in the file and no longer in the vault. */
  readonly upTo: number
  /** Of the file, in hex. */
  readonly sha256: string
}

/** Where the log can be cut so that all before is older: the last place that was signed by then. */
export const findCut = async (
  store: Pick<Store, 'checkpoints' | 'auditAnchor'>,
  olderThan: EpochMs,
): Promise<AuditAnchor | undefined> => {
  const anchor = await store.auditAnchor()
  const cut = (await store.checkpoints()).findLast(
    ({ at, seq }) => at <= olderThan && seq > (anchor?.seq ?? 0),
  )
  return cut && { seq: cut.seq, hash: cut.hash, at: cut.at }
}

/**
 * Moves the log up to a signed place into a file that proves itself. The file is on the disk before anything is removed,
 * and the log itself says where it was cut: whoever cuts it without saying so breaks the chain.
 */
export const archiveAudit = async (
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  operator: Operator,
  cut: AuditAnchor,
  path: string,
): Promise<Archived | undefined> => {
  const sha256 = await writeDurably(path, exportLines(store, cut.seq))
  const at = clock.now()
  const details = { upTo: cut.seq, hash: Buffer.from(cut.hash).toString('hex'), sha256 }
  const committed = await store.commit([
    operatorAudit(operator, at, 'audit.archived', { type: 'audit', id: 'log' }, undefined, details),
    { type: 'archive-audit', anchor: { ...cut, at } },
  ])
  return committed.ok ? { upTo: cut.seq, sha256 } : undefined
}

/** Answers the SHA-256 of what was written, in hex. Refuses to write over anything. */
const writeDurably = async (path: string, lines: AsyncIterable<string>): Promise<string> => {
  const hash = createHash('sha256')
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const line of lines) {
      hash.update(`${line}\n`)
      await file.write(`${line}\n`)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}
