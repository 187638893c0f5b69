import type { Row, SqlValue } from '../sql/values.ts'
import type { ColumnKind, MovedTable } from './tables.ts'

/*
 * A row on its way is a list of cells, text or null: whole numbers in decimal, so that none is rounded, and bytes in hex.
 * Both databases spell them, so that a row that is the same on both sides is the same list.
 */

export type Cell = string | null
export type Cells = readonly Cell[]

const quote = (name: string): string => `"${name}"`

export const columnsOf = ({ columns }: MovedTable): readonly string[] => Object.keys(columns)

export const listOf = (names: readonly string[]): string => names.map(quote).join(', ')

export const kindOf = ({ columns, name }: MovedTable, column: string): ColumnKind => {
  const kind = columns[column]
  // Precondition: keys are columns.
  if (!kind) throw new Error(`${name} has no column ${column}`)
  return kind
}

type Spelling = Readonly<Record<ColumnKind, (value: string) => string>>

/** Of nothing SQLite makes an empty text in hex, and nothing is not an empty text. */
const ofSqlite: Spelling = {
  number: (value) => `cast(${value} as text)`,
  text: (value) => value,
  bytes: (value) => `iif(${value} is null, null, hex(${value}))`,
}

const ofPostgres: Spelling = {
  number: (value) => `${value}::text`,
  text: (value) => value,
  bytes: (value) => `upper(encode(${value}, 'hex'))`,
}

const ofCell: Spelling = {
  number: (cell) => `${cell}::bigint`,
  text: (cell) => cell,
  bytes: (cell) => `decode(${cell}, 'hex')`,
}

/** What SQLite selects to answer the cells of a row, under the names of the columns. */
export const selectedBySqlite = (table: MovedTable): string =>
  Object.entries(table.columns)
    .map(([column, kind]) => `${ofSqlite[kind](quote(column))} as ${quote(column)}`)
    .join(', ')

/** The same of PostgreSQL. */
export const selectedByPostgres = (table: MovedTable): string =>
  Object.entries(table.columns)
    .map(([column, kind]) => `${ofPostgres[kind](quote(column))} as ${quote(column)}`)
    .join(', ')

/** The columns of the list that PostgreSQL makes of cells, `$1` and what follows, a list for each column. */
export const unnested = (table: MovedTable, columns: readonly string[]): string => {
  const lists = columns.map((_, at) => `$${at + 1}::text[]`).join(', ')
  const values = columns.map((column, at) => `${ofCell[kindOf(table, column)](`c${at}`)} as ${quote(column)}`)
  return `(select ${values.join(', ')} from unnest(${lists}) as t (${columns.map((_, at) => `c${at}`).join(', ')}))`
}

/** What was answered, as cells in the order of the columns. */
export const cellsOf = (row: Row, columns: readonly string[]): Cells =>
  columns.map((column) => {
    const cell = row[column]
    if (cell === null || typeof cell === 'string') return cell
    throw new Error(`the column ${column} was not spelled`)
  })

/** A list of cells as PostgreSQL reads it. */
export const spellList = (cells: Cells): string => `{${cells.map(spellElement).join()}}`

const spellElement = (cell: Cell): string =>
  cell === null ? 'null' : `"${cell.replaceAll(/[\\"]/g, '\\$&')}"`

/** A cell as SQLite takes it for a column of this kind. */
export const bindCell = (cell: Cell, kind: ColumnKind): SqlValue => {
  if (cell === null || kind === 'text') return cell
  if (kind === 'bytes') return Buffer.from(cell, 'hex')
  const number = Number(cell)
  // Precondition: only keys are bound, and those count rows.
  if (!Number.isSafeInteger(number)) throw new Error('a number of a key is too large')
  return number
}
