import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UnavailableError } from '@cardkeep/core/errors'
import { describeOnPostgres } from '@cardkeep/testing/servers/shared'
import { describe, expect, test } from 'vitest'
import { type Migration, readMigrations } from '../sql/migrations.ts'
import { createDatabase, type Database } from './database.ts'
import { findLongLocks } from './live-tables.ts'
import { migrate, usualMigrationPatience } from './migrate.ts'
import { dumpFreshSchema } from './schema.ts'
import { usualPatience } from './settings.ts'
import { toPostgres } from './translate.ts'

const migration = (number: number, text: string, name = `000${number}-a.sql`): Migration => ({
  number,
  name,
  text,
  checksum: `checksum ${number}`,
  needs: undefined,
})
const first = migration(1, 'create table a (id integer not null primary key, of blob) strict;')
const second = migration(2, 'create table b (id integer) strict;')

describeOnPostgres('migrations on PostgreSQL', (server) => {
  const newDatabase = async (): Promise<{ url: string; database: Database }> => {
    const url = await server.createDatabase()
    const settings = {
      ...{ url, passwordFile: undefined, password: server.password, tls: undefined },
      ...{ connections: 4, pooler: 'none' as const },
    }
    return { url, database: createDatabase(settings, usualPatience) }
  }
  const versions = (url: string) =>
    server.query(url, 'select number, checksum from schema_version order by number')

  test('are applied once each, in order, and written down', async () => {
    const { url, database } = await newDatabase()
    await migrate(database, [first])
    await migrate(database, [first, second])
    await migrate(database, [first, second])
    expect(await versions(url)).toEqual([
      { number: 1, checksum: 'checksum 1' },
      { number: 2, checksum: 'checksum 2' },
    ])
  })

  test('are applied once though twenty begin at the same time', async () => {
    const { url, database } = await newDatabase()
    await Promise.all(Array.from({ length: 20 }, () => migrate(database, readMigrations('postgres'))))
    expect(await versions(url)).toHaveLength(readMigrations('postgres').length)
    expect(await server.query(url, 'select chain from audit_chains')).toEqual([{ chain: 0 }])
  })

  test('refuse a database that is newer, or was made with another text', async () => {
    const { database } = await newDatabase()
    await migrate(database, [first, second])
    await expect(migrate(database, [first])).rejects.toThrow(/schema version 2.*versions up to 1/)
    await expect(migrate(database, [{ ...first, checksum: 'other' }, second])).rejects.toThrow(
      'another 0001-a.sql',
    )
  })

  test('leave a newer database as it is where programs of their version can go on with it, and refuse it where not', async () => {
    const { url, database } = await newDatabase()
    const keeping = {
      ...migration(2, 'alter table schema_version add column needs integer not null default 0;'),
      needs: 0,
    }
    const expanding = { ...migration(3, 'create table b (id integer) strict;'), needs: 0 }
    const contracting = { ...migration(4, 'drop table b;'), needs: 3 }
    const later = { ...migration(5, 'create table c (id integer) strict;'), needs: 0 }
    await migrate(database, [first, keeping, expanding])
    await migrate(database, [first, keeping])
    expect(await versions(url)).toHaveLength(3)
    await migrate(database, [first, keeping, expanding, contracting, later])
    await migrate(database, [first, keeping, expanding])
    await expect(migrate(database, [first, keeping])).rejects.toThrow(
      /schema version 5 and needs .* version 3, .*versions up to 2/,
    )
    expect(await server.query(url, 'select needs from schema_version order by number')).toEqual(
      [0, 0, 0, 3, 0].map((needs) => ({ needs })),
    )
  })

  test('are applied all or none', async () => {
    const { url, database } = await newDatabase()
    const broken = migration(2, 'create table b (id integer) strict; create table a (id integer) strict;')
    await expect(migrate(database, [first, broken])).rejects.toThrow('SQLSTATE 42P07')
    expect(
      await server.query(url, "select to_regclass('a') is null and to_regclass('b') is null as gone"),
    ).toEqual([{ gone: true }])
  })

  test('give up a lock that they wait for, and come again', async () => {
    const { url, database } = await newDatabase()
    await migrate(database, [first])
    const session = await database.connect()
    const run = (text: string) => session.send([{ statement: { name: undefined, text }, values: [] }])
    await run('begin')
    await run('lock table a in access share mode')
    const altering = migration(2, 'alter table a add column more integer;')
    const patience = { ...usualMigrationPatience, attempts: 2, pauseMs: 1, lockMs: 20 }
    await expect(migrate(database, [first, altering], patience)).rejects.toThrow(UnavailableError)
    const migrating = migrate(database, [first, altering], {
      ...usualMigrationPatience,
      pauseMs: 5,
      lockMs: 20,
    })
    await run('commit')
    await migrating
    await session.close()
    expect(await versions(url)).toHaveLength(2)
  })

  describe('outside of a transaction', () => {
    const building = migration(
      3,
      `-- outside a transaction: the table is in use
      create unique index concurrently if not exists a_by_of on a (of); -- as it says
      create index concurrently if not exists a_by_both on a (of, id);`,
      '0003-a.postgres.sql',
    )
    const last = migration(4, 'create table d (id integer) strict;')
    const indexes = (url: string) =>
      server.query(
        url,
        "select relname as name, indisvalid as valid from pg_index join pg_class on oid = indexrelid where relname like 'a_by%' order by relname",
      )
    const bothValid = [
      { name: 'a_by_both', valid: true },
      { name: 'a_by_of', valid: true },
    ]

    test('come at their place, once, also where twenty begin at the same time', async () => {
      const { url, database } = await newDatabase()
      const all = [first, second, building, last]
      await Promise.all(Array.from({ length: 20 }, () => migrate(database, all)))
      expect(await indexes(url)).toEqual(bothValid)
      expect(await versions(url)).toHaveLength(4)
    })

    test('go on where they were cut short, and make anew what was left half made', async () => {
      const { url, database } = await newDatabase()
      await migrate(database, [first, second])
      await server.execute(url, "insert into a values (1, '\\x01'), (2, '\\x01')")
      await expect(migrate(database, [first, second, building])).rejects.toThrow('must be alone')
      expect(await indexes(url)).toEqual([{ name: 'a_by_of', valid: false }])
      expect(await versions(url)).toHaveLength(2)
      await server.execute(url, 'delete from a where id = 2')
      await migrate(database, [first, second, building, last])
      expect(await indexes(url)).toEqual(bothValid)
      expect(await versions(url)).toHaveLength(4)
    })
  })

  test('make the schema in schema-snapshot.postgres.txt; after a new one run write-snapshot.ts', async () => {
    const { database } = await newDatabase()
    const snapshot = join(import.meta.dirname, '..', 'sql', 'schema-snapshot.postgres.txt')
    expect(await dumpFreshSchema(database)).toBe(readFileSync(snapshot, 'utf8').replaceAll('\r\n', '\n'))
  })
})

describe('a shared migration as PostgreSQL reads it', () => {
  test('has its types, its identities, and none of what only SQLite knows', () => {
    const text =
      'create table a ( -- an integer\n no integer primary key autoincrement, id blob,\n x integer\n) strict, without rowid;'
    expect(toPostgres({ name: '0001-a.sql', text })).toBe(
      'create table a ( \n no bigint generated by default as identity primary key, id bytea,\n x bigint\n);',
    )
    expect(toPostgres({ name: '0001-a.postgres.sql', text })).toBe(text)
  })
})

describe('a later migration', () => {
  test.each(readMigrations('postgres').map((one) => [one.name, one] as const))(
    '%s keeps nobody out of a table that is in use',
    (_, one) => {
      expect(findLongLocks(one)).toEqual([])
    },
  )

  test.each([
    'create index a_x on a (x)',
    'create unique index if not exists a_x on a (x)',
    'alter table a add constraint c check (x > 0)',
    'alter table a add check (x > 0)',
    'alter table a add column y integer check (y > 0)',
    'alter table a add column y blob references b (id)',
    'alter table a add column y integer not null',
    'alter table a add column y integer not null default random()',
    'alter table a alter column x type text',
    'alter table a alter column x set not null',
    'update a set x = 1',
    'delete from a where x = 1',
  ])('may not say: %s', (text) => {
    expect(findLongLocks(migration(4, `${text};`))).toHaveLength(1)
    expect(findLongLocks(migration(3, `${text};`))).toEqual([])
    expect(findLongLocks(migration(4, `create table a (x integer) strict; ${text};`))).toEqual([])
  })

  test.each([
    'alter table a add column y integer',
    'alter table a add column y integer not null default 0',
    "alter table a add column y text not null default ''",
    'alter table a add constraint c check (x > 0) not valid',
    'drop index a_x',
  ])('may say: %s', (text) => {
    expect(findLongLocks(migration(4, `${text};`))).toEqual([])
  })

  test('builds indexes outside of a transaction so that they can be begun again', () => {
    const outside = (text: string) =>
      findLongLocks(migration(4, `-- outside a transaction\n${text};`, '0004-a.postgres.sql'))
    expect(outside('create index concurrently if not exists a_x on a (x)')).toEqual([])
    expect(outside('create index concurrently a_x on a (x)')).toHaveLength(1)
    expect(outside('create index if not exists a_x on a (x)')).toHaveLength(1)
  })
})
