import type { Cells } from './cells.ts'
import { createDigestKey, createTableDigest, type TableDigest } from './digest.ts'
import type { SourceReader } from './read-source.ts'
import { type MovedTable, movedTables } from './tables.ts'
import { inTargetTransaction, readAll, type TargetConnection } from './target.ts'

export interface Verified {
  /** Rows of each table, the same on both sides. */
  readonly counts: Readonly<Record<string, number>>
  /** Tables that are not the same on both sides, in words. */
  readonly differences: readonly string[]
}

export interface VerifyParts {
  readonly reader: SourceReader
  readonly target: TargetConnection
  /** So many rows more were read, of either side. */
  readonly seen: (rows: number) => void
}

const rowsAtOnce = 5_000

/** Reads every row of every table on both sides, and compares how many there are and what they hold. */
export const verifyMove = async ({ reader, target, seen }: VerifyParts): Promise<Verified> => {
  const key = createDigestKey()
  const counts: Record<string, number> = {}
  const differences: string[] = []
  await inTargetTransaction(target, async () => {
    await target.query('set transaction isolation level repeatable read read only')
    for (const table of movedTables) {
      const here = createTableDigest(key, table.name)
      const there = createTableDigest(key, table.name)
      const add = (digest: TableDigest, rows: readonly Cells[]): void => {
        digest.add(rows)
        seen(rows.length)
      }
      for await (const rows of readAll(target, table, rowsAtOnce)) add(there, rows)
      for (const rows of batches(reader, table)) add(here, rows)
      counts[table.name] = here.rows()
      if (here.rows() !== there.rows())
        differences.push(`${table.name} (${here.rows()} rows here, ${there.rows()} there)`)
      else if (here.hex() !== there.hex()) differences.push(`${table.name} (as many rows, but not the same)`)
    }
  })
  return { counts, differences }
}

function* batches(reader: SourceReader, table: MovedTable): Generator<readonly Cells[]> {
  let after: Cells | undefined
  for (;;) {
    const batch = reader.batch(table, after, rowsAtOnce)
    if (batch.rows.length > 0) yield batch.rows
    if (batch.rows.length < rowsAtOnce) return
    after = batch.last
  }
}
