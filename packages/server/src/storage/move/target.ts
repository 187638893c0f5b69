import { setTimeout as wait } from 'node:timers/promises'
import { type Row, readNumber, readOptional, readText } from '../sql/values.ts'
import { type Cells, cellsOf, columnsOf, listOf, selectedByPostgres, spellList, unnested } from './cells.ts'
import { unfinishedQuery } from './moved.ts'
import { type MovedTable, movedTables } from './tables.ts'

/** One connection to PostgreSQL of the move's own: what it does happens in order, and its transactions are its own. */
export interface TargetConnection {
  /** Throws `UnavailableError` where no answer comes; after `limitMs` the connection is given up. */
  query(sql: string, values?: readonly (string | number | null)[], limitMs?: number): Promise<readonly Row[]>
  close(): Promise<void>
}

/** How far the base copy has come; in the target, so that it is committed with what was copied. */
export interface Progress {
  readonly run: string
  /** Place of the table that is being copied in the list; the number of tables when all are. */
  readonly tableNo: number
  /** The last row of that table that is there; what the source calls a place. */
  readonly after: Cells | undefined
  /** How many rows the base copy has written. */
  readonly copied: number
}

const progressTable = `create table if not exists moving (
  id bigint not null primary key check (id = 1),
  run text not null,
  table_no bigint not null,
  after text,
  copied bigint not null
)`

/** `card`, and the fourth of our locks. */
const lock = '1667330660, 4'

/** Nobody else may copy into this database then; the server gives the lock up with the connection. */
export const lockTarget = async (target: TargetConnection): Promise<boolean> => {
  // The server may take a moment to notice that a process which had it has died.
  for (let tried = 1; ; tried++) {
    const [row] = await target.query(`select pg_try_advisory_lock(${lock}) as locked`)
    if (row?.['locked'] === true || tried === lockTries) return row?.['locked'] === true
    await wait(lockPauseMs)
  }
}

const lockTries = 30
const lockPauseMs = 100

export const readProgress = async (target: TargetConnection): Promise<Progress | undefined> => {
  if ((await target.query(unfinishedQuery)).length === 0) return undefined
  const [row] = await target.query('select run, table_no, after, copied from moving')
  return (
    row && {
      run: readText(row, 'run'),
      tableNo: readNumber(row, 'table_no'),
      after: readOptional(row, 'after', (found, column) => JSON.parse(readText(found, column)) as Cells),
      copied: readNumber(row, 'copied'),
    }
  )
}

/** A vault does not open the database from here on until the move has finished. */
export const beginProgress = async (target: TargetConnection, run: string): Promise<Progress> => {
  await target.query(progressTable)
  await target.query('insert into moving values (1, $1, 0, null, 0)', [run])
  return { run, tableNo: 0, after: undefined, copied: 0 }
}

export const writeProgress = async (target: TargetConnection, progress: Progress): Promise<void> => {
  const { run, tableNo, after, copied } = progress
  const changed = await target.query(
    'update moving set table_no = $2, after = $3, copied = $4 where run = $1 returning run',
    [run, tableNo, after ? JSON.stringify(after) : null, copied],
  )
  // Precondition: nobody else writes here, because this connection has the lock.
  if (changed.length !== 1) throw new Error('the progress of the migration is gone from the target')
}

/** The first table of the target that holds something which no migration of the schema puts there. */
export const findOccupied = async (target: TargetConnection): Promise<string | undefined> => {
  for (const { name } of movedTables) {
    if (name === 'key_set' || name === 'vault_state') continue
    if ((await target.query(`select '' from "${name}" limit 1`)).length > 0) return name
  }
  return undefined
}

/** How many rows one statement takes. */
const rowsAtOnce = 1_000

export const writeRows = async (
  target: TargetConnection,
  table: MovedTable,
  rows: readonly Cells[],
): Promise<void> => {
  const columns = columnsOf(table)
  const others = columns.filter((column) => !table.key.includes(column))
  const changes = others.map((column) => `"${column}" = excluded."${column}"`).join(', ')
  const onConflict = `on conflict (${listOf(table.key)}) do ${others.length > 0 ? `update set ${changes}` : 'nothing'}`
  const sql = `insert into "${table.name}" (${listOf(columns)}) overriding system value
    select ${listOf(columns)} from ${unnested(table, columns)} as rows ${table.appended ? '' : onConflict}`
  for (let at = 0; at < rows.length; at += rowsAtOnce)
    await target.query(sql, toLists(rows.slice(at, at + rowsAtOnce), columns.length))
}

/** Removes the rows of these keys, as far as they are there. */
export const removeRows = async (
  target: TargetConnection,
  table: MovedTable,
  keys: readonly Cells[],
): Promise<void> => {
  const sql = `delete from "${table.name}" where (${listOf(table.key)}) in ${unnested(table, table.key)}`
  for (let at = 0; at < keys.length; at += rowsAtOnce)
    await target.query(sql, toLists(keys.slice(at, at + rowsAtOnce), table.key.length))
}

/** A list for each column. */
const toLists = (rows: readonly Cells[], columns: number): readonly string[] =>
  Array.from({ length: columns }, (_, column) => spellList(rows.map((row) => row[column] ?? null)))

export const countRows = async (target: TargetConnection, { name }: MovedTable): Promise<number> =>
  readNumber((await target.query(`select count(*) as rows from "${name}"`))[0] ?? {}, 'rows')

/** Everything in a table, some at a time, as it stood when the first were read. To be run in a transaction. */
export async function* readAll(
  target: TargetConnection,
  table: MovedTable,
  limit: number,
): AsyncGenerator<readonly Cells[]> {
  const columns = columnsOf(table)
  await target.query(
    `declare moving_rows no scroll cursor for select ${selectedByPostgres(table)} from "${table.name}"`,
  )
  for (;;) {
    const rows = await target.query(`fetch ${limit} from moving_rows`)
    if (rows.length > 0) yield rows.map((row) => cellsOf(row, columns))
    if (rows.length < limit) break
  }
  await target.query('close moving_rows')
}

/** Runs `work` in a transaction of the target: what it throws undoes everything. */
export const inTargetTransaction = async <T>(
  target: TargetConnection,
  work: () => Promise<T>,
): Promise<T> => {
  await target.query('begin')
  try {
    const result = await work()
    await target.query('commit')
    return result
  } catch (error) {
    // A connection that is gone took its transaction along.
    await target.query('rollback').catch(() => {})
    throw error
  }
}

/** Lets the database go on giving numbers behind the last one that was given, even if its row is gone. */
export const giveNumbers = async (
  target: TargetConnection,
  { name, numbers }: MovedTable,
  last: number,
): Promise<void> => {
  if (numbers === undefined) return
  await target.query('select setval(pg_get_serial_sequence($1, $2), $3::bigint, $4::boolean)', [
    name,
    numbers,
    Math.max(1, last),
    String(last > 0),
  ])
}
