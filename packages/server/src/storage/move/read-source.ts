import { readNumber, type SqlValue } from '../sql/values.ts'
import type { Database, Statement } from '../sqlite/database.ts'
import { bindCell, type Cells, cellsOf, columnsOf, kindOf, selectedBySqlite } from './cells.ts'
import { type MovedTable, movedTables } from './tables.ts'

/** A row by its key, as SQLite has it. */
export type Key = readonly SqlValue[]

export interface Batch {
  readonly rows: readonly Cells[]
  /** The place of the last of them, behind which the next batch begins. */
  readonly last: Cells | undefined
}

/** Reads of the source. What belongs together is read in one transaction. */
export interface SourceReader {
  /** Rows after a place, in the order in which they are stored. */
  batch(table: MovedTable, after: Cells | undefined, limit: number): Batch
  /** Notes of changes up to which the present is covered. */
  lastChange(): number
  changedKeys(table: MovedTable): readonly Key[]
  /** The row of a key, or nothing where it is gone. */
  row(table: MovedTable, key: Key): Cells | undefined
  count(table: MovedTable): number
  /** The highest number that was ever given, also where its row is gone. */
  lastNumber(table: MovedTable): number
}

export const createSourceReader = (database: Database): SourceReader => {
  const statements = new Map(movedTables.map((table) => [table.name, prepareTable(database, table)]))
  const lastChange = database.prepare('select coalesce(max(no), 0) as no from moving_changes')
  const changed = database.prepare('select distinct a, b from moving_changes where name = ?1')
  const sequence = database.prepare('select max(seq) as no from sqlite_sequence where name = ?1')

  const of = ({ name }: MovedTable): TableStatements => {
    const found = statements.get(name)
    // Precondition: what is read is one of the tables that are moved.
    if (!found) throw new Error(`${name} is not moved`)
    return found
  }

  return {
    batch: (table, after, limit) => {
      const { first, following } = of(table)
      const place = placeOf(table)
      const answered = after
        ? following.all(...after.map((cell, at) => bindCell(cell, place[at]?.kind ?? 'number')), limit)
        : first.all(limit)
      const last = answered.at(-1)
      return {
        rows: answered.map((row) => cellsOf(row, columnsOf(table))),
        last:
          last &&
          cellsOf(
            last,
            place.map(({ as }) => as),
          ),
      }
    },
    lastChange: () => readNumber(lastChange.get() ?? {}, 'no'),
    changedKeys: (table) =>
      changed.all(table.name).map((row) => table.key.map((_, at) => readKey(row[at === 0 ? 'a' : 'b']))),
    row: (table, key) => {
      const row = of(table).one.get(...key)
      return row && cellsOf(row, columnsOf(table))
    },
    count: (table) => readNumber(of(table).count.get() ?? {}, 'rows'),
    lastNumber: (table) => {
      const given = sequence.get(table.name)?.['no']
      const highest = of(table).highest?.get()?.['no']
      return Math.max(0, ...[given, highest].filter((no) => typeof no === 'number'))
    },
  }
}

interface TableStatements {
  readonly first: Statement
  readonly following: Statement
  readonly one: Statement
  readonly count: Statement
  readonly highest: Statement | undefined
}

const prepareTable = (database: Database, table: MovedTable): TableStatements => {
  const { name, key, numbers } = table
  const place = placeOf(table)
  const order = place.map(({ by }) => by).join(', ')
  const selected = `select ${selectedBySqlite(table)}${table.storedBy ? ', cast(moved.rowid as text) as "(place)"' : ''}
    from "${name}" as moved`
  const marks = place.map((_, at) => `?${at + 1}`).join(', ')
  return {
    first: database.prepare(`${selected} order by ${order} limit ?1`),
    following: database.prepare(
      `${selected} where (${order}) > (${marks}) order by ${order} limit ?${place.length + 1}`,
    ),
    one: database.prepare(
      `${selected} where ${key.map((column, at) => `moved."${column}" = ?${at + 1}`).join(' and ')}`,
    ),
    count: database.prepare(`select count(*) as rows from "${name}"`),
    highest:
      numbers === undefined ? undefined : database.prepare(`select max("${numbers}") as no from "${name}"`),
  }
}

/** What rows are ordered by. The name of the table stands before it: an output column of the same name is text. */
const placeOf = (table: MovedTable) =>
  table.storedBy
    ? [{ by: 'moved.rowid', as: '(place)', kind: 'number' as const }]
    : table.key.map((column) => ({ by: `moved."${column}"`, as: column, kind: kindOf(table, column) }))

const readKey = (value: unknown): SqlValue => {
  if (typeof value === 'string' || typeof value === 'number' || value instanceof Uint8Array) return value
  throw new Error('a change was noted without a key')
}
