import { readMigrations } from '../sql/migrations.ts'
import { readText } from '../sql/values.ts'
import { openDatabase } from './database.ts'
import { migrate } from './migrate.ts'
import { usualPatience } from './patience.ts'

/** What the migrations make of an empty database, as SQL in a fixed order: for a reader, and for a test to compare. */
export const dumpFreshSchema = async (emptyFile: string): Promise<string> => {
  const database = openDatabase(emptyFile)
  try {
    await migrate(database, readMigrations(), usualPatience)
    return database
      .prepare(
        `select sql from sqlite_schema where sql is not null and name <> 'sqlite_sequence'
         order by tbl_name, type = 'index', name`,
      )
      .all()
      .map((row) => `${readText(row, 'sql')};\n`)
      .join('\n')
  } finally {
    database.close()
  }
}
