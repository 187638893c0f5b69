import type { BinRecord } from '../../bins/bin.ts'
import type { BinSetId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { Clock, Ids, Store } from '../../ports.ts'
import { type Operator, type OperatorRefusal, operatorAudit } from '../operator.ts'

type Ports = { readonly store: Pick<Store, 'commit'>; readonly clock: Clock; readonly ids: Ids }

export interface BinSource {
  /** SHA-256 of the whole file, in hexadecimal. */
  readonly sha256: string
  /** Rows in commits of their own: the vault writes between two of them. */
  readonly batches: AsyncIterable<readonly BinRecord[]>
  /** Asked once all has been read: whether it was the file of that hash. */
  readonly isWhole: () => boolean
}

export interface ImportedBins {
  readonly set: BinSetId
  readonly rows: number
  readonly at: EpochMs
}

/**
 * Puts a table in the place of the one in use. Rows go into a set of their own, which a last commit makes the table;
 * until then, whatever happens, the old one answers. What a broken import left is removed with the next one's switch.
 */
export const importBins = async (
  { store, clock, ids }: Ports,
  operator: Operator,
  { sha256, batches, isWhole }: BinSource,
): Promise<Result<ImportedBins, OperatorRefusal>> => {
  const set = ids.uuid() as BinSetId
  let rows = 0
  for await (const bins of batches) {
    const written = await store.commit([{ type: 'put-bins', set, bins }])
    // Another import ended meanwhile, and removed what was not in use.
    if (!written.ok) return refuse({ type: 'Contended' })
    rows += bins.length
  }
  if (!isWhole()) return refuse({ type: 'BinFileChanged' })
  const at = clock.now()
  const used = await store.commit([
    { type: 'use-bins', set, at },
    operatorAudit(operator, at, 'bins.imported', { type: 'bins', id: set }, undefined, { rows, sha256 }),
  ])
  return used.ok ? ok({ set, rows, at }) : refuse({ type: 'Contended' })
}
