import type { Database } from '../sqlite/database.ts'
import type { Cell, Cells } from './cells.ts'
import { MoveFailure } from './failure.ts'
import type { Key, SourceReader } from './read-source.ts'
import { isNoting } from './source.ts'
import { type MovedTable, movedTables } from './tables.ts'
import { type Progress, removeRows, type TargetConnection, writeProgress, writeRows } from './target.ts'

/*
 * A step reads at one moment of the source and writes one transaction of the target. After each the target holds, of the
 * tables that are copied as far as they are, exactly what the source held at that moment. So what a row refers to is there
 * before it, no two rows want one place, and a step that is undone may be taken again.
 */

export interface StepParts {
  readonly source: Database
  readonly reader: SourceReader
  readonly target: TargetConnection
}

export interface Step {
  readonly progress: Progress
  /** Notes up to here are settled once the step is committed. */
  readonly upTo: number
  /** Rows that changed, and rows that were copied or came. */
  readonly changed: number
  readonly copied: number
}

const rowsInBatch = 5_000

/** To be run inside a transaction of each. */
export const takeStep = async (parts: StepParts, progress: Progress): Promise<Step> => {
  const { source, reader, target } = parts
  // The first read: from here on the source stands still for this transaction.
  const upTo = reader.lastChange()
  if (!isNoting(source))
    throw new MoveFailure(
      'the source was changed by another version of the program, and not all changes were noted: run with --abandon, then begin anew',
    )
  const begun = movedTables.slice(0, progress.tableNo + 1)
  const changed = await applyChanges(parts, begun)
  const after = await copyOn(parts, progress)
  await writeProgress(target, after)
  return { progress: after, upTo, changed, copied: after.copied - progress.copied }
}

/**
 * Rows that nobody refers to are taken out and put back as they are now, if they still are; those that others refer to are
 * changed in their place. What is gone goes before what came, and what refers before what it refers to.
 */
const applyChanges = async (
  { reader, target }: StepParts,
  tables: readonly MovedTable[],
): Promise<number> => {
  const changes = tables
    .map((table) => ({ table, keys: reader.changedKeys(table) }))
    .filter(({ keys }) => keys.length > 0)
  const inPlace = changes.filter(({ table }) => table.referredTo).toReversed()
  for (const { table, keys } of changes)
    if (!table.referredTo) await removeRows(target, table, keys.map(spellKey))
  for (const { table, keys } of inPlace) {
    const gone = keys.filter((key) => !reader.row(table, key))
    await removeRows(target, table, gone.map(spellKey))
  }
  for (const { table, keys } of changes) await putBack(reader, target, table, keys)
  return changes.reduce((sum, { keys }) => sum + keys.length, 0)
}

const putBack = async (
  reader: SourceReader,
  target: TargetConnection,
  table: MovedTable,
  keys: readonly Key[],
): Promise<void> => {
  for (let at = 0; at < keys.length; at += rowsInBatch) {
    const rows = keys.slice(at, at + rowsInBatch).map((key) => reader.row(table, key))
    await writeRows(
      target,
      table,
      rows.filter((row) => row !== undefined),
    )
  }
}

/** One batch of the table that is being copied; once all are, everything that has come to the one that grows. */
const copyOn = async ({ reader, target }: StepParts, progress: Progress): Promise<Progress> => {
  const { tableNo } = progress
  const table = movedTables[Math.min(tableNo, movedTables.length - 1)]
  // Precondition: there are tables, and the last of them is the one that only grows.
  if (!table) throw new Error('nothing is moved')
  let { after, copied } = progress
  for (;;) {
    const batch = reader.batch(table, after, rowsInBatch)
    await writeRows(target, table, batch.rows)
    copied += batch.rows.length
    after = batch.last ?? after
    const isEnd = batch.rows.length < rowsInBatch
    if (tableNo === movedTables.length && !isEnd) continue
    if (!isEnd || tableNo === movedTables.length) return { ...progress, after, copied }
    return { ...progress, tableNo: tableNo + 1, after: table.appended ? after : undefined, copied }
  }
}

/** Whether every table has been copied once. */
export const isCopied = ({ tableNo }: Progress): boolean => tableNo === movedTables.length

const spellKey = (key: Key): Cells =>
  key.map((value): Cell => {
    if (value === null || typeof value === 'string') return value
    return typeof value === 'number' ? String(value) : Buffer.from(value).toString('hex')
  })
