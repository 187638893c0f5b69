import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { epochMs } from '@cardkeep/core/kernel/time'
import { addToken, fillEveryTable, tokenIdOf } from '@cardkeep/testing/move/sample-vault'
import type { PostgresAccess } from '@cardkeep/testing/servers/postgres-access'
import { describeOnPostgres } from '@cardkeep/testing/servers/shared'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { beforeAll, expect, test, vi } from 'vitest'
import { createDatabase } from '../postgres/database.ts'
import { migrate } from '../postgres/migrate.ts'
import { usualPatience as patienceOfPostgres } from '../postgres/settings.ts'
import { readMigrations } from '../sql/migrations.ts'
import { type Database, openDatabase } from '../sqlite/database.ts'
import { usualPatience } from '../sqlite/patience.ts'
import { openSqliteStore } from '../sqlite/store.ts'
import { abandonMove } from './abandon.ts'
import { connectTarget } from './connect-target.ts'
import { type MoveParts, moveVault } from './move.ts'
import { movedTables } from './tables.ts'
import type { TargetConnection } from './target.ts'

vi.setConfig({ testTimeout: 120_000 })

const sampleTokens = 30
const mover = { operator: 'ops', now: () => epochMs(1_767_225_600_000) }
const watch = { total: () => {}, add: () => {}, stage: () => {} }

describeOnPostgres('a vault that moves', (server) => {
  const folder = makeWorkspace().path
  const sample = join(folder, 'sample.db')
  let empty = ''

  beforeAll(async () => {
    await (await openSqliteStore({ file: sample })).close()
    const database = openDatabase(sample)
    fillEveryTable(database, sampleTokens)
    database.exec('pragma wal_checkpoint(truncate)')
    database.close()
    empty = await server.createDatabase()
    await migrate(databaseAt(server, empty), readMigrations('postgres'))
  })

  let grounds = 0
  const makeGround = () => {
    const file = join(folder, `vault-${grounds++}.db`)
    copyFileSync(sample, file)
    return { file, url: server.copyDatabaseSync(empty) }
  }

  /** Runs the move as one process would: with connections of its own, which end with it. */
  const run = async (
    ground: ReturnType<typeof makeGround>,
    options: {
      readonly through?: (target: TargetConnection, source: Database) => TargetConnection
    } & Partial<Pick<MoveParts, 'watch'>> = {},
  ) => {
    const source = openDatabase(ground.file)
    const target = await connectTarget(databaseAt(server, ground.url))
    try {
      return await moveVault({
        ...{
          source,
          targetName: 'there',
          patience: usualPatience,
          mover,
          newRun: () => `run-${ground.file}`,
        },
        watch: options.watch ?? watch,
        target: options.through?.(target, source) ?? target,
      })
    } finally {
      source.close()
      await target.close()
    }
  }

  const abandon = async (ground: ReturnType<typeof makeGround>, isTargetLost = false) => {
    const source = openDatabase(ground.file)
    const target = isTargetLost ? undefined : await connectTarget(databaseAt(server, ground.url))
    try {
      return await abandonMove({ source, target, isTargetLost, patience: usualPatience, mover })
    } finally {
      source.close()
      await target?.close()
    }
  }

  test('takes every row of every table along', async () => {
    const ground = makeGround()
    const { counts, lockedMs } = await run(ground)
    expect(lockedMs).toBeGreaterThan(0)
    expect(movedTables.filter(({ name }) => (counts[name] ?? 0) === 0)).toEqual([])
    const there: Record<string, unknown> = {}
    for (const { name } of movedTables)
      there[name] = (await server.query(ground.url, `select count(*) as rows from ${name}`))[0]?.['rows']
    // The one that says that it moved is not of the source.
    expect(there).toEqual({ ...counts, audit_entries: (counts['audit_entries'] ?? 0) + 1 })
    expect(
      await server.query(
        ground.url,
        `select name, policy_ttl_ms, policy_uses from tenants order by name desc`,
      ),
    ).toEqual([
      { name: 'a "b" \\ {c,null} \' é \u2028 \t\n', policy_ttl_ms: 60_000, policy_uses: 2 },
      { name: '', policy_ttl_ms: null, policy_uses: null },
    ])
  })

  test('gives numbers behind the last one that was given', async () => {
    const ground = makeGround()
    await run(ground)
    const [row] = await server.query(
      ground.url,
      `select nextval(pg_get_serial_sequence('fingerprints', 'no')) as fingerprint,
        nextval(pg_get_serial_sequence('deliveries', 'no')) as delivery,
        nextval(pg_get_serial_sequence('audit_checkpoints', 'no')) as signed`,
    )
    expect(row).toEqual({ fingerprint: sampleTokens * 2 + 1, delivery: 78, signed: 6 })
  })

  test('refuses every write where it was, by whom ever, and is not opened there', async () => {
    const ground = makeGround()
    const other = openDatabase(ground.file)
    await run(ground)
    for (const { name, columns } of movedTables) {
      const [first = ''] = Object.keys(columns)
      for (const sql of [
        `update ${name} set ${first} = ${first}`,
        `delete from ${name}`,
        `insert into ${name} default values`,
      ])
        expect(() => other.exec(sql)).toThrow('has moved to PostgreSQL')
    }
    other.close()
    await expect(openSqliteStore({ file: ground.file })).rejects.toThrow('has moved to PostgreSQL')
    await expect(run(ground)).rejects.toThrow('has moved already, to there')
  })

  test('takes along what is written meanwhile: new rows, changed rows, and rows that go', async () => {
    const ground = makeGround()
    const vault = openDatabase(ground.file)
    vault.exec('pragma busy_timeout = 2000')
    let no = sampleTokens
    let queries = 0
    let isCut = false
    const through = (target: TargetConnection): TargetConnection => ({
      ...target,
      query: (...call) => {
        if (queries++ % 3 === 0 && !isCut)
          try {
            vault.exec('begin immediate')
            writeMeanwhile(vault, ++no)
            vault.exec('commit')
          } catch {
            // The cut has the lock, or has been made.
            isCut = true
          }
        return target.query(...call)
      },
    })
    vault.exec('pragma busy_timeout = 0')
    const { counts } = await run(ground, { through })
    expect(isCut).toBe(true)
    expect(no).toBeGreaterThan(sampleTokens + 20)
    const here = vault.prepare('select count(*) as rows from tokens').get()
    expect(counts['tokens']).toBe(here?.['rows'])
    vault.close()
  })

  test('has a row that differs found by the name of its table, and no vault starts on such a copy', async () => {
    for (const [sql, found] of [
      [`update tokens set last4 = '9999' where bin = '400000' and created_at = 1005`, 'tokens (as many rows'],
      ['update keys set reserved_seals = reserved_seals - 1 where reserved_seals > 0', 'keys (as many rows'],
      [`update credentials set public_key = '' where public_key is null`, 'credentials (as many rows'],
      ['delete from webhook_events', 'webhook_events (2 rows here, 0 there)'],
      [
        `insert into audit_entries (chain, seq, text, hash) select 1, seq, text, hash from audit_entries`,
        'audit_entries (8',
      ],
    ] as const) {
      const ground = makeGround()
      const through = (target: TargetConnection): TargetConnection => ({
        ...target,
        query: async (text, ...rest) => {
          if (text.includes('read only')) await server.execute(ground.url, sql)
          return target.query(text, ...rest)
        },
      })
      await expect(run(ground, { through })).rejects.toThrow(`the copy differs in ${found}`)
      expect(await server.query(ground.url, 'select run from moving')).toHaveLength(1)
      await expect(openSqliteStore({ file: ground.file })).rejects.toThrow('has moved to PostgreSQL')
      await expect(run(ground)).rejects.toThrow(`the copy differs in ${found}`)
      expect(await abandon(ground)).toBe('moved')
      await needsServing(ground.file)
    }
  })

  /** The queries at which a process may best end: those that make something last, or come just before. */
  const listCuts = async (): Promise<readonly number[]> => {
    const queries: string[] = []
    await run(makeGround(), {
      through: (target) => ({
        ...target,
        query: (...call) => {
          queries.push(call[0])
          return target.query(...call)
        },
      }),
    })
    const commits = queries.flatMap((text, at) => (text === 'commit' ? [at + 1] : []))
    const drop = queries.findIndex((text) => text.includes('drop table moving')) + 1
    // Batch after batch is the same; from the last rounds on each is another.
    return [3, ...commits.filter((_, at) => at % 6 === 0 || at > commits.length - 5), drop]
  }

  /** The process ends at its n-th query, which the server may or may not have received. */
  const dyingAt =
    (n: number, isSent: boolean) =>
    (target: TargetConnection): TargetConnection => {
      let queries = 0
      return {
        ...target,
        query: async (...call) => {
          if (++queries > n) throw new Error('it is dead')
          if (queries < n) return target.query(...call)
          if (isSent) await target.query(...call)
          throw new Error('it dies')
        },
      }
    }

  test('goes on after any end of its process', async () => {
    const cuts = await listCuts()
    for (const [n, isSent] of cuts.flatMap((cut) => [[cut, false] as const, [cut, true] as const])) {
      const ground = makeGround()
      await expect(run(ground, { through: dyingAt(n, isSent) })).rejects.toThrow('it dies')
      const vault = openDatabase(ground.file)
      const isMoved =
        vault.prepare("select 1 from sqlite_schema where name = 'moved_insert_tokens'").get() !== undefined
      if (!isMoved) writeMeanwhile(vault, sampleTokens + 1)
      vault.close()
      const isDone =
        (await server.query(ground.url, 'select 1 from pg_tables where tablename = $$moving$$')).length === 0
      if (isMoved && isDone) await expect(run(ground)).rejects.toThrow('has moved already')
      else await run(ground)
      const [row] = await server.query(
        ground.url,
        `select (select count(*) from tokens) as tokens,
          (select count(*) from audit_entries where text like '%"vault.moved"%') as entries,
          (select count(*) from pg_tables where tablename = 'moving') as marks`,
      )
      expect([n, row]).toEqual([n, { tokens: sampleTokens + (isMoved ? 0 : 1), entries: 1, marks: 0 }])
    }
  })

  test('can be abandoned wherever it ended, and the vault serves where it was', async () => {
    const cuts = await listCuts()
    const states = new Set<string>()
    for (const [at, n] of cuts.entries()) {
      const ground = makeGround()
      await expect(run(ground, { through: dyingAt(n, at % 2 === 0) })).rejects.toThrow('it dies')
      const source = openDatabase(ground.file)
      const isBegun = source.prepare("select 1 from sqlite_schema where name = 'moving'").get() !== undefined
      source.close()
      if (!isBegun) {
        await expect(abandon(ground)).rejects.toThrow('no migration of this vault was begun')
        continue
      }
      states.add(await abandon(ground))
      await needsServing(ground.file)
    }
    expect([...states]).toEqual(expect.arrayContaining(['copying', 'moved']))
  })

  test('can be abandoned after its end only while nothing was written there', async () => {
    const ground = makeGround()
    await run(ground)
    expect(await abandon(ground)).toBe('done')
    await needsServing(ground.file)
    expect(await server.query(ground.url, 'select run from moving')).toHaveLength(1)

    const used = makeGround()
    await run(used)
    await server.execute(used.url, 'insert into audit_chains (chain, held_until) values (1, 0)')
    await expect(abandon(used)).rejects.toThrow('has written to the target since')
    await expect(openSqliteStore({ file: used.file })).rejects.toThrow('has moved to PostgreSQL')
    expect(await abandon(used, true)).toBe('done')
    await needsServing(used.file)
  })

  test('wants an empty target, the same one every time, and one process at a time', async () => {
    const [first, second] = [makeGround(), makeGround()]
    await expect(run(first, { through: dyingAt(60, true) })).rejects.toThrow('it dies')
    await expect(run({ ...second, url: first.url })).rejects.toThrow('unfinished copy of another migration')
    const stages: string[] = []
    await run(first, {
      watch: { ...watch, stage: (stage) => stages.push(stage) },
      through: (target) => ({
        ...target,
        query: async (...call) => {
          if (call[0].includes('analyze'))
            await expect(run(first)).rejects.toThrow('under way in another process')
          return target.query(...call)
        },
      }),
    })
    expect(stages).toEqual(['copying', 'cutting', 'verifying', 'finishing'])
    await expect(run({ ...second, url: first.url })).rejects.toThrow(
      'the target holds a vault already (scopes',
    )
    await expect(run({ ...first, url: second.url })).rejects.toThrow('has moved already, to there')
  })

  test('is refused where the file is no vault, or of an older version, or newer', async () => {
    const ground = makeGround()
    const other = join(folder, 'other.db')
    openDatabase(other).close()
    await expect(run({ ...ground, file: other })).rejects.toThrow('not the database of a vault')
    const source = openDatabase(ground.file)
    source.exec('delete from schema_version where number = (select max(number) from schema_version)')
    await expect(run(ground)).rejects.toThrow('older version')
    source.exec("insert into schema_version values (9, 'as it was', 'x', 0), (1000, 'later', 'x', 0)")
    source.close()
    await expect(run(ground)).rejects.toThrow('use the newer program')
  })

  test('is begun anew where something took its triggers away', async () => {
    const ground = makeGround()
    await expect(run(ground, { through: dyingAt(60, true) })).rejects.toThrow('it dies')
    const source = openDatabase(ground.file)
    source.exec('drop trigger moving_update_tokens')
    source.close()
    await expect(run(ground)).rejects.toThrow('not all changes were noted')
  })
})

/** What a vault may write: a token comes, is changed, and goes with its fingerprint, whose hash comes again. */
const writeMeanwhile = (vault: Database, no: number): void => {
  addToken(vault, no)
  vault
    .prepare('update tokens set version = 2, sealed = ?2 where id = ?1')
    .run(tokenIdOf(no - 2), Buffer.alloc(9, no))
  if (no % 4 === 0) {
    const gone = no - 3
    const hash = vault.prepare('select hash from fingerprints where no = ?1').get(gone * 2)?.['hash']
    vault.prepare('delete from tokens where id = ?1').run(tokenIdOf(gone))
    vault.prepare('delete from fingerprints where no = ?1').run(gone * 2)
    if (hash instanceof Uint8Array)
      vault.prepare('update fingerprints set hash = ?2 where no = ?1').run(no * 2, hash)
  }
  if (no % 5 === 0) vault.exec('delete from audit_entries where seq = (select min(seq) from audit_entries)')
  if (no % 7 === 0) vault.exec('delete from webhooks where id = (select id from webhooks limit 1)')
  vault.exec(`insert into audit_entries (seq, text, hash, chain)
    select max(seq) + 1, '[]', zeroblob(32), 0 from audit_entries`)
  vault.exec('update vault_state set write_probes = write_probes + 1')
}

/** Nothing of the move is left, and the log says that it was given up. */
const needsServing = async (file: string): Promise<void> => {
  const store = await openSqliteStore({ file })
  await store.checkWritable()
  await store.close()
  const database = openDatabase(file)
  const left = database
    .prepare("select name from sqlite_schema where type = 'trigger' or name like 'moving%'")
    .all()
  const last = database.prepare('select text from audit_entries order by seq desc limit 1').get()
  database.close()
  expect(left).toEqual([])
  expect(last?.['text']).toContain('"vault.move-abandoned"')
}

const databaseAt = ({ passwordFile }: PostgresAccess, url: string) =>
  createDatabase(
    { url, passwordFile, password: undefined, tls: undefined, connections: 2, pooler: 'none' },
    patienceOfPostgres,
  )
