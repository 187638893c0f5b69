import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { testCards } from '../canary/cards.ts'
import { scanFolder } from '../canary/scan.ts'
import { makeAuthority } from '../provider/authority.ts'
import { makeWorkspace } from '../workspace.ts'
import { startPgbouncer } from './pgbouncer.ts'
import { startPostgres } from './postgres.ts'
import { describeOnPgbouncer, describeOnPostgres } from './shared.ts'

vi.setConfig({ testTimeout: 30_000 })

describeOnPostgres('the PostgreSQL server of a run', (server) => {
  test('gives databases that are empty and apart', async () => {
    const [one, other] = await Promise.all([server.createDatabase(), server.createDatabase()])
    await server.execute(one, 'create table t (a int)')
    const tables = "select count(*) as n from pg_tables where schemaname = 'public'"
    expect(await server.query(one, tables)).toEqual([{ n: 1 }])
    expect(server.querySync(other, tables)).toEqual([{ n: 0 }])
    expect(server.querySync(server.createDatabaseSync(), tables)).toEqual([{ n: 0 }])
    expect(server.querySync(server.copyDatabaseSync(one), tables)).toEqual([{ n: 1 }])
  })

  test('syncs to disk, as in production, and asks for a password', async () => {
    const settings =
      "select current_setting('fsync') as fsync, current_setting('password_encryption') as password"
    expect(await server.query(server.url(), settings)).toEqual([{ fsync: 'on', password: 'scram-sha-256' }])
    const hba = "select distinct auth_method from pg_hba_file_rules where database = '{all}'"
    expect(await server.query(server.url(), hba)).toEqual([{ auth_method: 'scram-sha-256' }])
  })

  test('belongs to an ordinary user', () => {
    expect(statSync(join(server.folder, 'data')).uid).not.toBe(0)
  })
})

describeOnPostgres('a PostgreSQL server of a test of its own', () => {
  test('has the same port and what was committed after a power cut and after a stop', async () => {
    const server = await startPostgres({ folder: join(makeWorkspace().path, 'postgres') })
    const url = await server.createDatabase()
    await server.execute(url, 'create table t (a int); insert into t values (1)')
    for (const mode of ['immediate', 'fast'] as const) {
      const { pid } = server
      await server.stop(mode)
      await expect(server.query(url, 'select 1')).rejects.toThrow('Connection refused')
      await server.start()
      expect(server.pid).not.toBe(pid)
      expect(await server.query(url, 'select a from t')).toEqual([{ a: 1 }])
    }
    await server.stop()
  })

  test('is searched for card numbers like every other folder: tables, their log and the texts of statements', async () => {
    const { path } = makeWorkspace()
    const server = await startPostgres({ folder: path })
    const url = await server.createDatabase()
    await server.execute(url, `create table t (a text); insert into t values ('${testCards.visa}')`)
    await expect(server.execute(url, `select '${testCards.amex}'::int2`)).rejects.toThrow('out of range')
    await server.stop()
    const found = scanFolder(path, testCards).map(({ file, name }) => `${name} ${file.split('/')[1] ?? file}`)
    // The end of the run would find them too.
    rmSync(path, { recursive: true })
    expect(found.toSorted()).toEqual(['amex postgres.log', 'visa base', 'visa pg_wal'])
  })

  test('lets nobody in unencrypted where it has a certificate', async () => {
    const authority = await makeAuthority('PostgreSQL')
    const tls = await authority.issue({ name: 'server', addresses: ['127.0.0.1'] })
    const server = await startPostgres({ folder: join(makeWorkspace().path, 'postgres'), tls })
    const isEncrypted = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'
    expect(await server.query(server.url(), isEncrypted)).toEqual([{ ssl: true }])
    const plain = server.query(`${server.url()}?sslmode=disable`, isEncrypted)
    await expect(plain).rejects.toThrow('no encryption')
    await server.stop()
  })
})

describeOnPgbouncer('a pooler', (server) => {
  test('leads to the same database, another connection for each transaction', async () => {
    const pooler = await startPgbouncer({ folder: join(makeWorkspace().path, 'pgbouncer'), before: server })
    const url = await server.createDatabase()
    await server.execute(pooler.url(url), 'create table t (a int)')
    expect(await server.query(url, 'select count(*) as n from t')).toEqual([{ n: 0 }])
    expect(await server.query(pooler.url(url), 'select count(*) as n from t')).toEqual([{ n: 0 }])
    await pooler.stop()
  })
})
