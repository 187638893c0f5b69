import { UnavailableError } from '@cardkeep/core/errors'
import { readMarker } from '../move/source.ts'
import { type Database, DatabaseBusy, openDatabase } from './database.ts'

/** Goes through every page of a file that nobody else uses. Throws `UnavailableError` with what is wrong of it, under this name. */
export const needsWholeVault = (file: string, name: string): void => {
  const problem = findProblem(file)
  if (problem !== undefined) throw new UnavailableError(`${name} ${problem}`)
}

const findProblem = (file: string): string | undefined => {
  let database: Database | undefined
  try {
    database = openDatabase(file)
    return findInside(database)
  } catch (error) {
    if (!(error instanceof UnavailableError) || error instanceof DatabaseBusy) throw error
    return 'is damaged, or is no database'
  } finally {
    database?.close()
  }
}

const findInside = (database: Database): string | undefined => {
  const [found] = database.prepare('pragma integrity_check(1)').all()
  if (found?.['integrity_check'] !== 'ok') return 'is damaged: its pages do not fit together'
  if (database.prepare('pragma foreign_key_check').all().length > 0)
    return 'is damaged: rows are missing that others refer to'
  if (!database.prepare("select 1 from sqlite_schema where name = 'schema_version'").get())
    return 'is not the database of a vault'
  // The other database of a move goes on from what this one notes, and a copy of it would note something else.
  if (readMarker(database))
    return 'is of a vault that moves to PostgreSQL, or has moved: end the move, or abandon it'
  return undefined
}
