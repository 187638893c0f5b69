import { type AppliedMigration, type Migration, needsMigrations, readVersion } from '../sql/migrations.ts'
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
      for (const migration of needsMigrations(known, readApplied(database))) {
        database.exec(migration.text)
        record(database, migration)
      }
    }),
  )
}

export const readApplied = (database: Database): readonly AppliedMigration[] => {
  const table = database.prepare("select 1 from sqlite_schema where name = 'schema_version'").get()
  if (!table) return []
  return database.prepare('select * from schema_version order by number').all().map(readVersion)
}

const record = (database: Database, { number, name, checksum, needs }: Migration): void => {
  database
    .prepare('insert into schema_version (number, name, checksum) values (?1, ?2, ?3)')
    .run(number, name, checksum)
  if (needs !== undefined)
    database.prepare('update schema_version set needs = ?2 where number = ?1').run(number, needs)
}
