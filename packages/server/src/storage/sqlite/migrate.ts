import { type AppliedMigration, type Migration, needsMigrations } from '../sql/migrations.ts'
import { type Row, readNumber, readText } from '../sql/values.ts'
import type { Database } from './database.ts'
import { type Patience, patiently } from './patience.ts'
import { inTransaction } from './transaction.ts'

const schemaVersion = `create table if not exists schema_version (
  number integer not null primary key,
  name text not null,
  checksum text not null
) strict`

/**
 * Brings the schema to what this program knows, all of it or nothing. Of several that start at once one does it and
 * the others find it done: what is applied is read again inside the transaction, which only one can be in.
 */
export const migrate = async (
  database: Database,
  known: readonly Migration[],
  patience: Patience,
): Promise<void> => {
  if (needsMigrations(known, readApplied(database)).length === 0) return
  await patiently(patience, () =>
    inTransaction(database, 'exclusive', () => {
      database.exec(schemaVersion)
      const record = database.prepare('insert into schema_version values (?1, ?2, ?3)')
      for (const { number, name, text, checksum } of needsMigrations(known, readApplied(database))) {
        database.exec(text)
        record.run(number, name, checksum)
      }
    }),
  )
}

export const readApplied = (database: Database): readonly AppliedMigration[] => {
  const table = database.prepare("select 1 from sqlite_schema where name = 'schema_version'").get()
  if (!table) return []
  return database
    .prepare('select number, checksum from schema_version order by number')
    .all()
    .map(readVersion)
}

const readVersion = (row: Row): AppliedMigration => ({
  number: readNumber(row, 'number'),
  checksum: readText(row, 'checksum'),
})
