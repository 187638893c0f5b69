import { readNumber, readText, readWord } from '../sql/values.ts'
import type { Database } from '../sqlite/database.ts'
import { movedSentence } from './moved.ts'
import { type MovedTable, movedTables } from './tables.ts'

/*
 * What the move writes into the embedded database. From its beginning triggers note the key of each row that changes, in
 * the transaction that changes it, whoever writes. At the cut other triggers refuse every write, and these too hold for
 * whoever has the file open, of whatever version: they are part of the file.
 *
 *   (nothing) → copying → moved → done
 *       ↑__________|________|______| abandoned
 */

export type MoveState = 'copying' | 'moved' | 'done'
const states: readonly MoveState[] = ['copying', 'moved', 'done']

export interface Marker {
  /** Names the run in both databases. */
  readonly run: string
  readonly state: MoveState
  /** Where to, without a password, for people. */
  readonly target: string
}

export const readMarker = (database: Database): Marker | undefined => {
  if (!hasTable(database, 'moving')) return undefined
  const row = database.prepare('select run, state, target from moving').get()
  return (
    row && {
      run: readText(row, 'run'),
      state: readWord(row, 'state', states),
      target: readText(row, 'target'),
    }
  )
}

const tables = `
  create table moving (
    id integer not null primary key check (id = 1),
    run text not null,
    state text not null,
    target text not null
  ) strict;
  create table moving_changes (no integer primary key, name text not null, a any not null, b any) strict;`

/** Begins to note what changes. To be called in a transaction. */
export const beginMove = (database: Database, run: string, target: string): void => {
  database.exec(tables)
  database.prepare("insert into moving values (1, ?1, 'copying', ?2)").run(run, target)
  for (const table of movedTables) for (const trigger of notingTriggers(table)) database.exec(trigger)
}

const notingTriggers = (table: MovedTable): readonly string[] => {
  const note = (row: 'new' | 'old', where = ''): string => {
    const [a, b] = table.key.map((column) => `${row}."${column}"`)
    return `insert into moving_changes (name, a, b) select '${table.name}', ${a}, ${b ?? 'null'}${where};`
  }
  const isOther = table.key.map((column) => `new."${column}" is not old."${column}"`).join(' or ')
  const when = {
    insert: note('new'),
    update: `${note('old')} ${note('new', ` where ${isOther}`)}`,
    delete: note('old'),
  }
  return Object.entries(when)
    .filter(([verb]) => !table.appended || verb === 'delete')
    .map(
      ([verb, notes]) =>
        `create trigger "moving_${verb}_${table.name}" after ${verb} on "${table.name}" begin ${notes} end`,
    )
}

/** Whether every change since the beginning has been noted: a newer program that rebuilt a table took its triggers away. */
export const isNoting = (database: Database): boolean => {
  const row = database
    .prepare(
      "select count(*) as triggers from sqlite_schema where type = 'trigger' and name like 'moving!_%' escape '!'",
    )
    .get()
  return readNumber(row ?? {}, 'triggers') >= movedTables.flatMap(notingTriggers).length
}

/** What was noted up to here is in the target. */
export const settleChanges = (database: Database, upTo: number): void => {
  database.prepare('delete from moving_changes where no <= ?1').run(upTo)
}

/** From the end of this transaction on nobody writes to this vault any more. */
export const refuseWrites = (database: Database): void => {
  for (const { name } of movedTables)
    for (const verb of ['insert', 'update', 'delete'])
      database.exec(
        `create trigger "moved_${verb}_${name}" before ${verb} on "${name}" begin
           select raise(abort, '${movedSentence}');
         end`,
      )
  setState(database, 'moved')
}

/** The other side may serve. */
export const finishMove = (database: Database): void => setState(database, 'done')

const setState = (database: Database, state: MoveState): void => {
  database.prepare('update moving set state = ?1').run(state)
}

/** Takes everything back that the move put here; the vault serves again. To be called in a transaction. */
export const takeBackMove = (database: Database): void => {
  const triggers = database
    .prepare(
      "select name from sqlite_schema where type = 'trigger' and (name like 'moving!_%' escape '!' or name like 'moved!_%' escape '!')",
    )
    .all()
  for (const trigger of triggers) database.exec(`drop trigger "${readText(trigger, 'name')}"`)
  database.exec('drop table moving_changes; drop table moving;')
}

const hasTable = (database: Database, name: string): boolean =>
  database.prepare("select 1 from sqlite_schema where type = 'table' and name = ?1").get(name) !== undefined
