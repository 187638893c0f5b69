import { UnfitError } from '@cardkeep/core/errors'
import type { Database } from '../sqlite/database.ts'

/** Told to whoever would write to, or open, a database that has moved; the database itself says it to those that have it open. */
export const movedSentence =
  'this vault has moved to PostgreSQL: set CARDKEEP_DATABASE_URL; `migrate --abandon` goes back, as far as that can be done'

/** Told to whoever would open a database whose copy is not finished. */
export const unfinishedSentence =
  'this database is the target of a migration that has not finished: run `cardkeep migrate` again, or use the vault that it was to copy'

/** Throws where the vault of this file lives in PostgreSQL now. To be asked before anything is written. */
export const needsNotMoved = (database: Database): void => {
  const table = database.prepare("select 1 from sqlite_schema where type = 'table' and name = 'moving'").get()
  if (!table) return
  if (database.prepare("select 1 from moving where state <> 'copying'").get())
    throw new UnfitError(movedSentence)
}

/** Answers a row where a migration into a PostgreSQL database has not finished. */
export const unfinishedQuery =
  "select 1 as unfinished from pg_tables where schemaname = current_schema() and tablename = 'moving'"
