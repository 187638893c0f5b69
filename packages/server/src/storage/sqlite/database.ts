import { backup, DatabaseSync, type StatementSync } from 'node:sqlite'
import { UnavailableError } from '@cardkeep/core/errors'
import type { Row, SqlValue } from '../sql/values.ts'

/** The only place that knows the driver: it opens a file with our settings and tells apart what can go wrong. */
export interface Database {
  exec(sql: string): void
  prepare(sql: string): Statement
  /** SQLite ends a transaction by itself after some failures. */
  isInTransaction(): boolean
  close(): void
}

export interface Statement {
  /** Answers how many rows it changed. */
  run(...values: readonly SqlValue[]): number
  get(...values: readonly SqlValue[]): Row | undefined
  all(...values: readonly SqlValue[]): readonly Row[]
}

/** Another process is writing; it will be done soon. */
export class DatabaseBusy extends UnavailableError {}

/** A row that must be alone is not, or one that must be there is not. */
export class ConstraintViolation extends Error {
  override readonly name = 'ConstraintViolation'
}

/**
 * For how long one statement may stand still for another process: the thread serves everyone, so it is a moment.
 * Whoever can wait longer lets the thread go in between.
 */
const busyTimeoutMs = 5

/*
 * FULL: what was acknowledged survives a loss of power. SECURE_DELETE: erased rows are overwritten with zeros, not
 * just forgotten. TEMP_STORE: no copy of a row lands in a temporary file. TRUSTED_SCHEMA and CELL_SIZE_CHECK: a file
 * that someone has prepared or that is damaged is not believed. The log is copied into the database every 16 MiB:
 * each copy writes a page once however often it changed, and rows under random ids change most pages often.
 */
const settings = `
  pragma journal_mode = wal;
  pragma synchronous = full;
  pragma foreign_keys = on;
  pragma secure_delete = on;
  pragma temp_store = memory;
  pragma trusted_schema = off;
  pragma cell_size_check = on;
  pragma cache_size = -16384;
  pragma wal_autocheckpoint = 4096;
  pragma journal_size_limit = 67108864;
`

/** Opens or creates the file. Throws `UnavailableError` where that cannot be done now. */
export const openDatabase = (file: string): Database => {
  const database = translating(() => new DatabaseSync(file, { timeout: busyTimeoutMs }))
  const wrapped: Database = {
    exec: (sql) => translating(() => database.exec(sql)),
    prepare: (sql) => wrapStatement(translating(() => database.prepare(sql))),
    isInTransaction: () => database.isTransaction,
    close: () => translating(() => database.close()),
  }
  try {
    wrapped.exec(settings)
    needsSafeSettings(wrapped)
  } catch (error) {
    database.close()
    throw error
  }
  return wrapped
}

/** So much is copied at a time: between the pieces whoever waits is told. */
const pagesAtOnce = 2_000

/**
 * Copies a database as it is at this moment, whoever writes to it meanwhile. The log of what they write grows until the copy is
 * there. The file that is copied to is made anew, or is empty.
 */
export const copyDatabase = async (
  from: string,
  to: string,
  copied: (pages: number, ofPages: number) => void,
): Promise<void> => {
  const source = translating(() => new DatabaseSync(from, { readOnly: true, timeout: busyTimeoutMs }))
  try {
    // Reading holds the moment. Without it a copy begins anew with each write of another process, and never ends under load.
    translating(() => source.exec('begin; select count(*) from sqlite_schema;'))
    const progress = (at: { readonly totalPages: number; readonly remainingPages: number }): void =>
      copied(at.totalPages - at.remainingPages, at.totalPages)
    const pages = await backup(source, to, { rate: pagesAtOnce, progress }).catch((error: unknown) => {
      throw translate(error)
    })
    // Of its last piece the driver does not tell.
    copied(pages, pages)
  } finally {
    source.close()
  }
}

const wrapStatement = (statement: StatementSync): Statement => ({
  run: (...values) => translating(() => Number(statement.run(...values).changes)),
  get: (...values) => translating(() => statement.get(...values)),
  all: (...values) => translating(() => statement.all(...values)),
})

/** SQLite leaves a setting as it was, without a word, where it cannot follow it. */
const needsSafeSettings = (database: Database): void => {
  const needed = { journal_mode: 'wal', synchronous: 2, foreign_keys: 1, secure_delete: 1, temp_store: 2 }
  for (const [name, value] of Object.entries(needed))
    if (database.prepare(`pragma ${name}`).get()?.[name] !== value)
      throw new UnavailableError(`the database does not take the setting ${name} = ${value}`)
}

const translating = <T>(action: () => T): T => {
  try {
    return action()
  } catch (error) {
    throw translate(error)
  }
}

/** https://www.sqlite.org/rescode.html */
const codes = { busy: 5, locked: 6, constraint: 19 }

/** Nothing here is a fault of a statement: no memory, read-only, I/O, damaged, full, cannot open, locking, not a database. */
const outages = new Set([7, 8, 10, 11, 13, 14, 15, 26])

/** Raised by a trigger. The program's schema has none; those of a vault that has moved say so themselves. */
const raisedByTrigger = 1811

/** A statement that does not fit, as one of ours where a newer program has changed the schema: this one will end. */
const mistake = 1
const isOtherSchema = /^no such (?:table|column)|has no column named/

/** Foreign key, not null (a reference that was looked up and not found), primary key, unique, row id. */
const keyViolations = new Set([787, 1299, 1555, 2067, 2579])

const translate = (error: unknown): unknown => {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error
  const code = error.errcode & 0xff
  if (code === codes.busy || code === codes.locked)
    return new DatabaseBusy('the database is being written by another process', { cause: error })
  if (outages.has(code))
    return new UnavailableError(`the database cannot be used: ${error.message}`, { cause: error })
  if (error.errcode === mistake && isOtherSchema.test(error.message))
    return new UnavailableError('the database lacks what this program knows of it', { cause: error })
  if (error.errcode === raisedByTrigger) return new UnavailableError(error.message, { cause: error })
  if (code === codes.constraint && keyViolations.has(error.errcode))
    return new ConstraintViolation(error.message, { cause: error })
  return error
}
