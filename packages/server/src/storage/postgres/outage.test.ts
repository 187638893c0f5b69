import { join } from 'node:path'
import { UnavailableError } from '@cardkeep/core/errors'
import { createFixedClock } from '@cardkeep/testing/clock'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { type PostgresServer, startPostgres } from '@cardkeep/testing/servers/postgres'
import { describeOnPostgres } from '@cardkeep/testing/servers/shared'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { holdAlone } from './alone.ts'
import { type Patience, usualPatience } from './settings.ts'
import { openPostgresStore, type PostgresStore } from './store.ts'
import { OutcomeUnknown } from './transaction.ts'

describeOnPostgres('a PostgreSQL server that goes away', () => {
  let server: PostgresServer
  const stores: PostgresStore[] = []
  let records = createRecords()

  beforeAll(async () => {
    server = await startPostgres({ folder: join(makeWorkspace().path, 'postgres') })
  }, 60_000)
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()))
  })
  afterAll(() => server.stop())

  const openStore = async (patience: Partial<Patience> = {}, url?: string): Promise<PostgresStore> => {
    records = createRecords()
    const store = await openPostgresStore({
      settings: {
        url: url ?? (await server.createDatabase()),
        passwordFile: server.passwordFile,
        password: undefined,
        tls: undefined,
        connections: 4,
        pooler: 'none',
      },
      chain: 'own',
      clock: createFixedClock(),
      patience: { ...usualPatience, ...patience },
    })
    stores.push(store)
    return store
  }
  const putTenant = () => [{ type: 'put-tenant' as const, tenant: records.tenant() }, records.audit()]

  test('and comes back is waited for, by readers and by whoever commits', async () => {
    const store = await openStore({ outageMs: 30_000 })
    await store.commit(putTenant())
    for (const mode of ['fast', 'immediate'] as const) {
      await server.stop(mode)
      const asked = [store.tenants(), store.commit(putTenant()), store.commit(putTenant())]
      await server.start()
      await Promise.all(asked)
    }
    expect(await store.tenants()).toHaveLength(5)
    expect((await store.auditHead(store.chain)).seq).toBe(5)
  }, 60_000)

  test('for longer than anyone waits is told at once, and found again by itself', async () => {
    const store = await openStore({ outageMs: 200 })
    await server.stop('fast')
    await expect(store.tenants()).rejects.toThrow(UnavailableError)
    await expect(store.commit(putTenant())).rejects.toThrow(UnavailableError)
    const before = performance.now()
    for (let asked = 0; asked < 50; asked++)
      await expect(store.isSealed()).rejects.toThrow('the database cannot be reached')
    expect(performance.now() - before).toBeLessThan(200)
    await server.start()
    await expect
      .poll(
        () =>
          store.commit(putTenant()).then(
            ({ ok }) => ok,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(true)
    expect((await store.auditHead(store.chain)).seq).toBe(1)
  }, 60_000)

  test('under load loses nothing that was acknowledged, and half of nothing is written', async () => {
    const url = await server.createDatabase()
    const store = await openStore({ outageMs: 30_000 }, url)
    const acknowledged = new Set<string>()
    let isOver = false
    const write = async (): Promise<void> => {
      while (!isOver) {
        const [change, audit] = putTenant()
        if (change?.type !== 'put-tenant' || !audit) throw new Error('a tenant')
        try {
          const { ok } = await store.commit([change, audit])
          if (ok) acknowledged.add(change.tenant.id)
        } catch (error) {
          if (!(error instanceof UnavailableError)) throw error
        }
      }
    }
    const writers = Array.from({ length: 16 }, write)
    for (let turn = 0; turn < 3; turn++) {
      const count = acknowledged.size
      await expect.poll(() => acknowledged.size, { timeout: 20_000 }).toBeGreaterThan(count + 20)
      if (turn === 1) {
        await server.stop('immediate')
        await server.start()
      } else
        await server.execute(
          server.url(),
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cardkeep'",
        )
    }
    isOver = true
    await Promise.all(writers)
    const stored = new Set((await store.tenants()).map(({ id }) => id as string))
    expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([])
    // Each list has one tenant and one entry.
    expect((await store.auditHead(store.chain)).seq).toBe(stored.size)
    expect(await server.query(url, 'select count(*) as entries from audit_entries where chain > 0')).toEqual([
      { entries: stored.size },
    ])
  }, 120_000)

  test('and another takes its place is left by every session, as soon as one cannot write', async () => {
    const url = await server.createDatabase()
    const store = await openStore({ outageMs: 10_000 }, url)
    await store.commit(putTenant())
    await Promise.all(Array.from({ length: 40 }, () => store.tenants()))
    const begun = () =>
      server.query(
        url,
        `select min(backend_start)::text as oldest from pg_stat_activity
         where application_name = 'cardkeep' and datname = current_database()`,
      )
    const before = await begun()
    const database = new URL(url).pathname.slice(1)
    try {
      // The sessions that there are can only read from now on, and new ones cannot write either for a while.
      await server.execute(server.url(), 'alter system set default_transaction_read_only = on')
      await server.execute(server.url(), 'select pg_reload_conf()')
      const written = [store.commit(putTenant()), store.checkWritable()]
      await expect.poll(begun).toEqual([{ oldest: null }])
      await server.execute(
        server.url(),
        `begin read write; alter database ${database} set default_transaction_read_only = off; commit`,
      )
      await Promise.all(written)
      expect((await store.commit(putTenant())).ok).toBe(true)
      expect(await store.tenants()).toHaveLength(3)
      expect(await begun()).not.toEqual(before)
    } finally {
      await server.execute(server.url(), 'alter system reset default_transaction_read_only')
      await server.execute(server.url(), 'select pg_reload_conf()')
    }
  }, 60_000)

  /** The sessions that there are can only read from now on, and new ones as well, until this is taken back. */
  const readOnly = async (isOn: boolean): Promise<void> => {
    const word = isOn ? 'set default_transaction_read_only = on' : 'reset default_transaction_read_only'
    await server.execute(server.url(), `alter system ${word}`)
    await server.execute(server.url(), 'select pg_reload_conf()')
  }
  const sessionsAt = (url: string) =>
    server.query(
      url,
      "select pid from pg_stat_activity where application_name = 'cardkeep' and datname = current_database() order by pid",
    )

  test('and another takes its place is left by whoever only looks for changes, and has none to tell', async () => {
    const url = await server.createDatabase()
    const store = await openStore({ outageMs: 300 }, url)
    await Promise.all(Array.from({ length: 40 }, () => store.tenants()))
    const version = await store.dataVersion()
    try {
      await readOnly(true)
      await expect
        .poll(() => store.dataVersion().then(String, (error: unknown) => error), { timeout: 10_000 })
        .toEqual(expect.any(UnavailableError))
      await expect.poll(() => sessionsAt(url)).toEqual([])
    } finally {
      await readOnly(false)
    }
    await expect.poll(() => store.dataVersion().catch(() => undefined), { timeout: 10_000 }).toBe(version)
  }, 60_000)

  test('for one session is taken for gone by all, who begin others when nobody waits for them', async () => {
    const url = await server.createDatabase()
    const store = await openStore({ outageMs: 10_000 }, url)
    await store.commit(putTenant())
    await Promise.all(Array.from({ length: 40 }, () => store.tenants()))
    const before = (await sessionsAt(url)).map(({ pid }) => pid)
    expect(before.length).toBeGreaterThan(2)
    await server.execute(url, `select pg_terminate_backend(${String(before[0])})`)
    await expect
      .poll(
        async () => {
          await Promise.all([store.tenants(), store.commit(putTenant())])
          return (await sessionsAt(url)).filter(({ pid }) => before.includes(pid))
        },
        { timeout: 10_000 },
      )
      .toEqual([])
  }, 60_000)

  test('and another takes its place is not served alone by whoever was alone there', async () => {
    const url = await server.createDatabase()
    const settings = {
      ...{ url, passwordFile: server.passwordFile, password: undefined, tls: undefined },
      ...{ connections: 2, pooler: 'none' as const },
    }
    const alone = await holdAlone({ settings, onLost: () => undefined })
    try {
      await readOnly(true)
      await expect.poll(() => sessionsAt(url), { timeout: 10_000 }).toEqual([])
      await expect(holdAlone({ settings, onLost: () => undefined })).rejects.toThrow('only reads')
    } finally {
      await readOnly(false)
    }
    await expect.poll(async () => (await sessionsAt(url)).length, { timeout: 10_000 }).toBe(1)
    await expect(holdAlone({ settings, onLost: () => undefined })).rejects.toThrow('another vault')
    await alone.release()
  }, 60_000)

  /** Where nobody has such a name everyone waits. */
  const waitForStandby = async (names: string): Promise<void> => {
    await server.execute(server.url(), `alter system set synchronous_standby_names = '${names}'`)
    await server.execute(server.url(), 'select pg_reload_conf()')
  }

  test('or only its standby: nothing is acknowledged meanwhile, and all goes on when it is back', async () => {
    const url = await server.createDatabase()
    const store = await openStore({ outageMs: 300, statementMs: 500, lockMs: 100, silenceMs: 100 }, url)
    await store.commit(putTenant())
    try {
      await waitForStandby('nobody')
      await expect
        .poll(() => store.commit(putTenant()).catch((error: unknown) => error), { timeout: 10_000 })
        .toEqual(expect.any(OutcomeUnknown))
      await expect(store.commit(putTenant())).rejects.toThrow(UnavailableError)
      expect(await store.tenants()).not.toEqual([])
    } finally {
      await waitForStandby('')
    }
    await expect
      .poll(() => store.commit(putTenant()).catch(() => undefined), { timeout: 10_000 })
      .toMatchObject({ ok: true })
    expect((await store.auditHead(store.chain)).seq).toBe((await store.tenants()).length)
  }, 60_000)

  test('or only its standby: somebody who ends the wait for it does not make what was written certain', async () => {
    const url = await server.createDatabase()
    const store = await openStore({ outageMs: 10_000 }, url)
    await store.commit(putTenant())
    const waiting = () =>
      server.query(
        url,
        "select pid from pg_stat_activity where wait_event = 'SyncRep' and datname = current_database()",
      )
    try {
      await waitForStandby('nobody')
      let written: Promise<unknown> | undefined
      const write = (): void => {
        written ??= store.commit(putTenant()).then(
          () => (written = undefined),
          (error: unknown) => error,
        )
      }
      // The server takes a moment to know that it must wait.
      await expect
        .poll(
          () => {
            write()
            return waiting()
          },
          { timeout: 10_000 },
        )
        .toHaveLength(1)
      await server.execute(url, `select pg_cancel_backend(${String((await waiting())[0]?.['pid'])})`)
      expect(await written).toEqual(expect.any(OutcomeUnknown))
    } finally {
      await waitForStandby('')
    }
    await expect
      .poll(() => store.commit(putTenant()).catch(() => undefined), { timeout: 10_000 })
      .toMatchObject({ ok: true })
  }, 60_000)

  test('without a word is given up in time, and then at once by whoever comes, until it answers again', async () => {
    const url = await server.createDatabase()
    const impatient = { outageMs: 300, connectMs: 400, statementMs: 500, lockMs: 100, silenceMs: 100 }
    const store = await openStore(impatient, url)
    await store.commit(putTenant())
    await store.tenants()
    const sessions = await server.query(server.url(), 'select pid from pg_stat_activity')
    const pids = [server.pid, ...sessions.map(({ pid }) => Number(pid))]
    try {
      for (const pid of pids) signal(pid, 'SIGSTOP')
      const begun = performance.now()
      const results = await Promise.allSettled([store.tenants(), store.commit(putTenant()), store.isSealed()])
      expect(results.map(({ status }) => status)).toEqual(Array(3).fill('rejected'))
      await Promise.allSettled([store.tenants()])
      expect(performance.now() - begun).toBeLessThan(10_000)
      const since = performance.now()
      for (let asked = 0; asked < 20; asked++) await expect(store.tenants()).rejects.toThrow(UnavailableError)
      await expect(store.commit(putTenant())).rejects.toThrow(UnavailableError)
      expect(performance.now() - since).toBeLessThan(300)
    } finally {
      for (const pid of pids) signal(pid, 'SIGCONT')
    }
    await expect.poll(() => store.tenants().catch(() => []), { timeout: 10_000 }).toHaveLength(1)
    expect((await store.commit(putTenant())).ok).toBe(true)
    expect((await store.auditHead(store.chain)).seq).toBe(2)
  }, 60_000)

  /** One that has ended meanwhile is none of them any more. */
  const signal = (pid: number, name: NodeJS.Signals): void => {
    try {
      process.kill(pid, name)
    } catch {
      return
    }
  }

  test('tells who waits for a lock in vain, and nobody else', async () => {
    const url = await server.createDatabase()
    const store = await openStore({ lockMs: 300 }, url)
    const tenant = records.tenant()
    await store.commit([{ type: 'put-tenant', tenant }])
    const { createDatabase } = await import('./database.ts')
    const other = await createDatabase(
      {
        ...{ url, passwordFile: server.passwordFile, password: undefined, tls: undefined },
        ...{ connections: 1, pooler: 'none' as const },
      },
      usualPatience,
    ).connect()
    const run = (text: string) => other.send([{ statement: { name: undefined, text }, values: [] }])
    await run('begin')
    await run('select 1 from tenants for update')
    const policy = { type: 'set-code-policy' as const, tenantId: tenant.id, policy: undefined }
    const results = await Promise.allSettled([
      store.commit(putTenant()),
      store.commit([policy, records.audit()]),
      store.commit(putTenant()),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(results[1]).toMatchObject({ reason: expect.any(UnavailableError) as unknown })
    await run('rollback')
    expect((await store.commit([policy])).ok).toBe(true)
    expect((await store.auditHead(store.chain)).seq).toBe(2)
    await run('begin')
    await run('select 1 from vault_state for update')
    const mixed = await Promise.allSettled([store.commit(putTenant()), store.commit([records.audit()])])
    expect(mixed.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    await other.close()
  }, 60_000)
})
