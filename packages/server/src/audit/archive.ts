import { createHash } from 'node:crypto'
import { open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type AuditChain, mainChain } from '@cardkeep/core/audit/chain'
import type { AuditAnchor, Change } from '@cardkeep/core/changes'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import { type Operator, operatorAudit } from '@cardkeep/core/operations/operator'
import type { AuditHead, Clock, Store } from '@cardkeep/core/ports'
import { syncFolder } from '../keys/providers/files.ts'
import { emptyHead } from './chain.ts'
import { exportLines } from './export-file.ts'
import type { LogStore } from './material.ts'
import { readExport } from './read-export.ts'
import { verifyAudit } from './verify.ts'

/** The chains that are cut, and where. */
export type AuditCuts = readonly [AuditAnchor, ...AuditAnchor[]]

export interface ArchivePorts {
  readonly store: LogStore & Pick<Store, 'commit'>
  readonly clock: Clock
}

/** Where each chain can be cut so that all before is older: the last place that was signed by then. */
export const findCuts = async (
  store: Pick<Store, 'auditChains' | 'auditHead' | 'checkpoints' | 'auditAnchor'>,
  olderThan: EpochMs,
): Promise<AuditCuts | undefined> => {
  const cuts: AuditAnchor[] = []
  for (const chain of await store.auditChains()) {
    const from = (await store.auditAnchor(chain))?.seq ?? 0
    // One entry has to stay; in the main chain that will be the one that says what was archived.
    const end = chain === mainChain ? Number.POSITIVE_INFINITY : (await store.auditHead(chain)).seq
    const cut = (await store.checkpoints(chain)).findLast(
      ({ at, seq }) => at <= olderThan && seq > from && seq < end,
    )
    if (cut) cuts.push({ chain, seq: cut.seq, hash: cut.hash, at: cut.at })
  }
  const [first, ...rest] = cuts
  return first && [first, ...rest]
}

/**
 * Moves each chain up to a signed place into one file that proves itself; answers its SHA-256 in hex. The file is on the
 * disk, and was read back and verified, before anything is removed, and the main chain itself says where each was cut:
 * whoever cuts one without saying so breaks the log. `undefined` where another archived meanwhile, or the log does not
 * hold: then nothing is removed. The store must be one that writes to the main chain.
 */
export const archiveAudit = async (
  { store, clock }: ArchivePorts,
  operator: Operator,
  cuts: AuditCuts,
  path: string,
): Promise<string | undefined> => {
  const standing = await readPlaces(store)
  const sha256 = await writeDurably(path, exportLines(store, cuts))
  if (!(await holdsAll(path, standing, cuts))) {
    await unlink(path)
    return undefined
  }
  const at = clock.now()
  const announce = (place: AuditHead, file?: string): Change => {
    const { chain, seq: upTo } = place
    const details = {
      ...(chain !== mainChain && { chain }),
      upTo,
      hash: Buffer.from(place.hash).toString('hex'),
      ...(file !== undefined && { sha256: file }),
    }
    return operatorAudit(operator, at, 'audit.archived', { type: 'audit', id: 'log' }, undefined, details)
  }
  // What the main chain said of the other chains may go with its beginning, and so is said again.
  const kept = standing.filter(({ chain }) => chain !== mainChain && !cuts.some((cut) => cut.chain === chain))
  const committed = await store.commit([
    ...cuts.map((cut) => announce(cut, sha256)),
    ...kept.map((place) => announce(place)),
    ...cuts.map((cut): Change => ({ type: 'archive-audit', anchor: { ...cut, at } })),
  ])
  if (committed.ok) return sha256
  await unlink(path)
  return undefined
}

/** The last place of each chain that is in an earlier archive, or else its beginning. */
const readPlaces = async (store: LogStore): Promise<readonly AuditHead[]> => {
  const places: AuditHead[] = []
  for (const chain of await store.auditChains())
    places.push((await store.auditAnchor(chain)) ?? emptyHead(chain))
  return places
}

/** Another command may have moved entries away while they were read. */
const holdsAll = async (path: string, standing: readonly AuditHead[], cuts: AuditCuts): Promise<boolean> => {
  const { ok, chains } = await verifyAudit(await readExport(path))
  const isWhole = ({ chain, seq }: AuditAnchor): boolean => {
    const found = chains.find((verdict) => verdict.chain === chain)
    const after = seqOf(standing, chain)
    return found?.from === after + 1 && after + found.entries === seq && found.signedUpTo === seq
  }
  return ok && cuts.every(isWhole)
}

const seqOf = (places: readonly AuditHead[], of: AuditChain): number =>
  places.find(({ chain }) => chain === of)?.seq ?? 0

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
