import { join } from 'node:path'
import { describeOnPostgres } from '@cardkeep/testing/servers/shared'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { expect, test } from 'vitest'
import { createDatabase } from '../postgres/database.ts'
import { migrate } from '../postgres/migrate.ts'
import { usualPatience } from '../postgres/settings.ts'
import { readMigrations } from '../sql/migrations.ts'
import { openDatabase } from '../sqlite/database.ts'
import { openSqliteStore } from '../sqlite/store.ts'
import { movedTables, ownToTarget } from './tables.ts'

/** Those that the program keeps about the schema, and not of the vault. */
const ofTheSchema = ['schema_version', 'sqlite_sequence']

const listed = movedTables.flatMap(({ name, columns }) =>
  Object.entries(columns).map(([column, kind]) => `${name}.${column} ${kind}`),
)

test('every column of the embedded database is moved', async () => {
  const file = join(makeWorkspace().path, 'cardkeep.db')
  await (await openSqliteStore({ file })).close()
  const database = openDatabase(file)
  const kinds: Record<string, string> = { INTEGER: 'number', TEXT: 'text', BLOB: 'bytes' }
  const found = database
    .prepare(
      `select tables.name as name, columns.name as column, columns.type as type
       from sqlite_schema as tables, pragma_table_info(tables.name) as columns where tables.type = 'table'`,
    )
    .all()
    .filter(({ name }) => !ofTheSchema.includes(String(name)))
    .map(({ name, column, type }) => `${String(name)}.${String(column)} ${kinds[String(type).toUpperCase()]}`)
  database.close()
  expect(found.toSorted()).toEqual(listed.toSorted())
})

test('a table comes after those that it refers to, and those say so', async () => {
  const file = join(makeWorkspace().path, 'cardkeep.db')
  await (await openSqliteStore({ file })).close()
  const database = openDatabase(file)
  const names = movedTables.map(({ name }) => name)
  for (const [at, { name }] of movedTables.entries())
    for (const { table } of database
      .prepare(`select "table" from pragma_foreign_key_list('${name}')`)
      .all()) {
      expect(names.slice(0, at)).toContain(table)
      expect(movedTables.find((one) => one.name === table)?.referredTo).toBe(true)
    }
  database.close()
})

describeOnPostgres('the tables of PostgreSQL', (server) => {
  test('have no column that is neither moved nor its own', async () => {
    const url = await server.createDatabase()
    const { passwordFile } = server
    const settings = {
      url,
      passwordFile,
      password: undefined,
      tls: undefined,
      connections: 2,
      pooler: 'none' as const,
    }
    await migrate(createDatabase(settings, usualPatience), readMigrations('postgres'))
    const kinds: Record<string, string> = { bigint: 'number', text: 'text', bytea: 'bytes' }
    const rows = await server.query(
      url,
      `select table_name as name, column_name as column, data_type as type from information_schema.columns
       where table_schema = 'public'`,
    )
    const found = rows
      .filter(({ name, column }) => {
        const own = ownToTarget[String(name)]
        return !ofTheSchema.includes(String(name)) && own !== 'all' && !own?.includes(String(column))
      })
      .map(({ name, column, type }) => `${String(name)}.${String(column)} ${kinds[String(type)]}`)
    expect(found.toSorted()).toEqual(listed.toSorted())
  })
})
