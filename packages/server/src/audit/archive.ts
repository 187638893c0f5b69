import { createHash } from 'node:crypto'
import { open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { AuditAnchor } from '@cardkeep/core/changes'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import { type Operator, operatorAudit } from '@cardkeep/core/operations/operator'
import type { Clock, Store } from '@cardkeep/core/ports'
import { syncFolder } from '../keys/providers/files.ts'
import { exportLines, readExport } from './export-file.ts'
import { verifyAudit } from './verify.ts'

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
 * Moves the log up to a signed place into a file that proves itself. The file is on the disk, and was read back and
 * verified, before anything is removed, and the log itself says where it was cut: whoever cuts it without saying so
 * breaks the chain. `undefined` where another archived meanwhile, or the log does not hold: then nothing is removed.
 */
export const archiveAudit = async (
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  operator: Operator,
  cut: AuditAnchor,
  path: string,
): Promise<Archived | undefined> => {
  const anchor = await store.auditAnchor()
  const sha256 = await writeDurably(path, exportLines(store, cut.seq))
  if (!(await holdsAll(path, anchor?.seq ?? 0, cut.seq))) {
    await unlink(path)
    return undefined
  }
  const at = clock.now()
  const details = { upTo: cut.seq, hash: Buffer.from(cut.hash).toString('hex'), sha256 }
  const committed = await store.commit([
    operatorAudit(operator, at, 'audit.archived', { type: 'audit', id: 'log' }, undefined, details),
    { type: 'archive-audit', anchor: { ...cut, at } },
  ])
  if (committed.ok) return { upTo: cut.seq, sha256 }
  await unlink(path)
  return undefined
}

/** Another command may have moved entries away while they were read. */
const holdsAll = async (path: string, after: number, upTo: number): Promise<boolean> => {
  const { ok, from, entries, signedUpTo } = await verifyAudit(await readExport(path))
  return ok && from === after + 1 && after + entries === upTo && signedUpTo === upTo
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
  } catch (error) {
    // A part of an archive looks like one, and would stand in the way of the next try.
    await unlink(path)
    throw error
  } finally {
    await file.close()
  }
  await syncFolder(dirname(path))
  return hash.digest('hex')
}
