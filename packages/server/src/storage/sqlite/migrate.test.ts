import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { describe, expect, test } from 'vitest'
import { type Migration, readMigrations } from '../sql/migrations.ts'
import { type Database, openDatabase } from './database.ts'
import { migrate } from './migrate.ts'
import { usualPatience } from './patience.ts'
import { dumpFreshSchema } from './schema.ts'
import { openSqliteStore } from './store.ts'

const freshFile = (): string => join(makeWorkspace().path, 'cardkeep.db')

const inDatabase = async <T>(file: string, action: (database: Database) => T | Promise<T>): Promise<T> => {
  const database = openDatabase(file)
  try {
    return await action(database)
  } finally {
    database.close()
  }
}

describe('migrations', () => {
  const first: Migration = {
    number: 1,
    name: '0001-a.sql',
    text: 'create table a (id integer)',
    checksum: 'one',
  }
  const second: Migration = {
    number: 2,
    name: '0002-b.sql',
    text: 'create table b (id integer)',
    checksum: 'two',
  }
  const run = (file: string, known: readonly Migration[]): Promise<void> =>
    inDatabase(file, (database) => migrate(database, known, usualPatience))
  const versions = (file: string): Promise<readonly unknown[]> =>
    inDatabase(file, (database) =>
      database
        .prepare('select number, name, checksum from schema_version')
        .all()
        .map((row) => ({ ...row })),
    )

  test('are applied once each, in order, and written down', async () => {
    const file = freshFile()
    await run(file, [first])
    await run(file, [first, second])
    await run(file, [first, second])
    expect(await versions(file)).toEqual([
      { number: 1, name: '0001-a.sql', checksum: 'one' },
      { number: 2, name: '0002-b.sql', checksum: 'two' },
    ])
  })

  test('refuse a database that is newer, and name both versions', async () => {
    const file = freshFile()
    await run(file, [first, second])
    await expect(run(file, [first])).rejects.toThrow(/schema version 2.*versions up to 1/)
  })

  test('refuse a database that was made with another text', async () => {
    const file = freshFile()
    await run(file, [first])
    await expect(run(file, [{ ...first, checksum: 'other' }, second])).rejects.toThrow('another 0001-a.sql')
    expect(await versions(file)).toHaveLength(1)
  })

  test('are applied all or none', async () => {
    const file = freshFile()
    const broken: Migration = { ...second, text: 'create table b (id integer); create table a (id integer)' }
    await expect(run(file, [first, broken])).rejects.toThrow('already exists')
    const tables = await inDatabase(file, (database) =>
      database.prepare('select name from sqlite_schema').all(),
    )
    expect(tables).toEqual([])
  })

  test('are numbered from 1 without a gap', () => {
    expect(readMigrations().map(({ number }) => number)).toEqual(
      readMigrations().map((_, index) => index + 1),
    )
  })

  test('are applied once though several open the store at the same time', async () => {
    const file = freshFile()
    await Promise.all(Array.from({ length: 4 }, () => openInThread(file)))
    expect(await versions(file)).toHaveLength(readMigrations().length)
  })
})

/** Opens a store in a thread of its own, as another process would, and closes it. */
const openInThread = async (file: string): Promise<void> => {
  const module = pathToFileURL(join(import.meta.dirname, 'store.ts')).href
  const script = `import(${JSON.stringify(module)}).then(async ({ openSqliteStore }) => {
    const store = await openSqliteStore({ file: ${JSON.stringify(file)} })
    await store.checkWritable()
    await store.close()
  })`
  const [code] = await once(new Worker(script, { eval: true }), 'exit')
  expect(code).toBe(0)
}

describe('the schema', () => {
  test('is the one in schema-snapshot.sql; after a new migration run sql/write-snapshot.ts', async () => {
    const snapshot = join(import.meta.dirname, '..', 'sql', 'schema-snapshot.sql')
    expect(await dumpFreshSchema(freshFile())).toBe(readFileSync(snapshot, 'utf8').replaceAll('\r\n', '\n'))
  })

  test('has these columns and no others: none of them can hold a security code', async () => {
    const file = freshFile()
    await (await openSqliteStore({ file })).close()
    const rows = await inDatabase(file, (database) =>
      database
        .prepare(
          `select tables.name as name, group_concat(columns.name, ' ' order by columns.cid) as columns
           from sqlite_schema as tables, pragma_table_info(tables.name) as columns
           where tables.type = 'table' group by tables.name`,
        )
        .all(),
    )
    expect(Object.fromEntries(rows.map(({ name, columns }) => [name, columns]))).toEqual({
      audit_checkpoints: 'no seq hash at key_id signature',
      audit_entries: 'seq text hash',
      credentials: 'id tenant_id dialect permissions hash public_key created_at expires_at revoked_at',
      destinations:
        'id tenant_id origin path_prefix methods ca client_certificate client_sealed_key allow_private created_at',
      fingerprints: 'no id scope_id hash key_version',
      key_set: 'id counter sealed_digest',
      keys:
        'id purpose owner_type owner_id environment algorithm version state created_at expires_at check_value ' +
        'wrapped public_key reserved_seals',
      schema_version: 'number name checksum',
      scope_links: 'scope_id tenant_id',
      scopes: 'id environment deduplicates created_at',
      tenants: 'id name environment default_scope_id policy_hold policy_ttl_ms policy_uses created_at',
      tokens:
        'id scope_id tenant_id fingerprint_no version status is_test is_unique scheme bin last4 pan_length ' +
        'sealed_card created_at updated_at expires_at',
      vault_state: 'id sealed write_probes',
    })
  })
})
