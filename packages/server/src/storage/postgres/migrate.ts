import { setTimeout as wait } from 'node:timers/promises'
import { UnavailableError } from '@cardkeep/core/errors'
import { type AppliedMigration, type Migration, needsMigrations, readVersion } from '../sql/migrations.ts'
import { type Answer, ask, type Call, type Database, type Session } from './database.ts'
import { ConnectionLost, StatementTimeout, TransactionCollision } from './failures.ts'
import { isOutside, splitStatements, toPostgres } from './translate.ts'

const schemaVersion = `create table if not exists schema_version (
  number bigint not null primary key,
  name text not null,
  checksum text not null
)`

/** Two numbers that nobody else in this database should lock: `card`, and which of our locks. */
const migrationLock = '1667330660, 1'

export interface MigrationPatience {
  /** A statement that waits for a lock holds up everyone behind it: it gives up soon, and comes again so often. */
  readonly attempts: number
  readonly pauseMs: number
  readonly lockMs: number
  /** Another migrates: an index on a large table takes minutes. */
  readonly turns: number
  readonly turnMs: number
}

export const usualMigrationPatience: MigrationPatience = {
  attempts: 30,
  pauseMs: 1_000,
  lockMs: 2_000,
  turns: 3_000,
  turnMs: 200,
}

/** Another process migrates this database. */
class MigrationBusy extends UnavailableError {}

/**
 * Brings the schema to what this program knows. Whatever can is one transaction, all of it or nothing; steps that must
 * stand outside of one come each at their place, and go on where they were cut short. Of any number that start at once
 * one does it and the others find it done: what is applied is read again under a lock that only one can have.
 */
export const migrate = async (
  database: Database,
  known: readonly Migration[],
  patience: MigrationPatience = usualMigrationPatience,
): Promise<void> => {
  const { attempts, pauseMs, turns, turnMs } = patience
  for (let [attempt, turn] = [1, 1]; ; ) {
    const session = await database.connect()
    let isBusy = false
    try {
      while (!(await applySome(database, session, known, patience))) continue
      return
    } catch (error) {
      isBusy = error instanceof MigrationBusy
      if (isBusy ? ++turn > turns : !isPassing(error) || ++attempt > attempts) throw error
    } finally {
      // Its transaction ends with it.
      await session.close()
    }
    await wait(isBusy ? turnMs : pauseMs)
  }
}

const isPassing = (error: unknown): boolean =>
  error instanceof StatementTimeout ||
  error instanceof TransactionCollision ||
  error instanceof ConnectionLost

/** `true` when nothing is left to be done. */
const applySome = async (
  database: Database,
  session: Session,
  known: readonly Migration[],
  { lockMs }: MigrationPatience,
): Promise<boolean> => {
  if (needsMigrations(known, await readApplied(session)).length === 0) return true
  await run(session, 'begin isolation level read committed')
  // Another session may be building for as long as it takes, while this one only holds the lock.
  await run(
    session,
    `select set_config('lock_timeout', '${lockMs}', true), set_config('statement_timeout', '0', true),
      set_config('idle_in_transaction_session_timeout', '0', true)`,
  )
  // Not waited for in the server: what builds an index waits for everyone who is in the middle of a statement.
  const { rows } = await run(session, `select pg_try_advisory_xact_lock(${migrationLock}) as is_held`)
  if (rows[0]?.['is_held'] !== true)
    throw new MigrationBusy('another process migrates the database, and takes long')
  await run(session, schemaVersion)
  const missing = needsMigrations(known, await readApplied(session))
  const [first] = missing
  const isAlone = first !== undefined && isOutside(first)
  if (isAlone) await applyOutside(database, first)
  const some = isAlone ? [first] : takeWhile(missing, (one) => !isOutside(one))
  for (const migration of some) {
    const statements = isAlone ? [] : splitStatements(toPostgres(migration))
    for (const statement of statements) await run(session, statement)
    for (const call of record(migration)) await ask(session, call)
  }
  await run(session, 'commit')
  return false
}

/** While another session holds the lock in its transaction, this one has none: each statement stands for itself. */
const applyOutside = async (database: Database, { text }: Migration): Promise<void> => {
  const session = await database.connect()
  try {
    await run(
      session,
      "select set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false)",
    )
    for (const statement of splitStatements(text)) {
      await dropHalfMadeIndex(session, statement)
      await run(session, statement)
    }
  } finally {
    await session.close()
  }
}

const concurrentIndex = /^create (?:unique )?index concurrently if not exists (\w+)/

/** An index that was cut short stays, is kept up to date, and is used by nobody; `if not exists` would leave it so. */
const dropHalfMadeIndex = async (session: Session, statement: string): Promise<void> => {
  const name = concurrentIndex.exec(statement)?.[1]
  if (name === undefined) return
  const { count } = await run(
    session,
    `select 1 from pg_index where indexrelid = to_regclass('${name}') and not indisvalid`,
  )
  if (count > 0) await run(session, `drop index concurrently if exists ${name}`)
}

const takeWhile = <T>(list: readonly T[], isTaken: (one: T) => boolean): readonly T[] => {
  const end = list.findIndex((one) => !isTaken(one))
  return end < 0 ? list : list.slice(0, end)
}

const readApplied = async (session: Session): Promise<readonly AppliedMigration[]> => {
  const { rows } = await run(session, "select to_regclass('schema_version') is not null as is_there")
  if (rows[0]?.['is_there'] !== true) return []
  return (await run(session, 'select * from schema_version order by number')).rows.map(readVersion)
}

const record = ({ number, name, checksum, needs }: Migration): readonly Call[] => [
  {
    statement: {
      name: undefined,
      text: 'insert into schema_version (number, name, checksum) values ($1, $2, $3)',
    },
    values: [number, name, checksum],
  },
  ...(needs === undefined
    ? []
    : [
        {
          statement: { name: undefined, text: 'update schema_version set needs = $2 where number = $1' },
          values: [number, needs],
        },
      ]),
]

/** No limit of this side: an index on a large table takes its time. */
const run = (session: Session, text: string): Promise<Answer> =>
  ask(session, { statement: { name: undefined, text }, values: [] }, longestMs)

const longestMs = 24 * 60 * 60 * 1_000
