import { join } from 'node:path'
import { forwardMethods } from '@cardkeep/core/destinations/destination'
import { isAllowed } from '@cardkeep/core/destinations/match'
import { epochMs } from '@cardkeep/core/kernel/time'
import { createFixedClock } from '@cardkeep/testing/clock'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { emptyVault } from '@cardkeep/testing/servers/empty-vault'
import { describeOnPostgres } from '@cardkeep/testing/servers/shared'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openPostgresStore } from './postgres/store.ts'
import type { ServerStore } from './server-store.ts'
import { openDatabase } from './sqlite/database.ts'
import { openSqliteStore } from './sqlite/store.ts'

interface Ground {
  readonly store: ServerStore
  /** As a newer program on the same database would. */
  readonly write: (sql: string) => Promise<void>
}

const records = createRecords()
const at = epochMs(records.at + 1_000)
const until = epochMs(records.at + 2_000)

const openSqlite = async (): Promise<Ground> => {
  const file = join(makeWorkspace().path, 'cardkeep.db')
  const store = await openSqliteStore({ file })
  const database = openDatabase(file)
  onTestFinished(async () => {
    database.close()
    await store.close()
  })
  return { store, write: async (sql) => database.exec(sql) }
}

const onBoth = (suite: (open: () => Promise<Ground>) => void): void => {
  describe('words of a newer program, on SQLite', () => {
    suite(openSqlite)
  })
  describeOnPostgres('words of a newer program, on PostgreSQL', (server) => {
    let url: string
    let store: ServerStore | undefined
    beforeAll(async () => {
      url = await server.createDatabase()
      const settings = {
        ...{ url, passwordFile: undefined, password: server.password, tls: undefined },
        ...{ connections: 2, pooler: 'none' as const },
      }
      store = await openPostgresStore({ settings, chain: 'main', clock: createFixedClock() })
    })
    afterAll(() => store?.close())
    suite(async () => {
      await server.execute(url, emptyVault)
      if (!store) throw new Error('a store')
      return {
        store,
        write: async (sql) => {
          await server.execute(url, sql)
        },
      }
    })
  })
}

onBoth((open) => {
  const tenantIn = async (store: ServerStore) => {
    const scope = records.scope()
    const tenant = records.tenant({ defaultScopeId: scope.id })
    await store.commit([
      { type: 'put-scope', scope },
      { type: 'put-tenant', tenant },
    ])
    return { scope, tenant }
  }

  test('an event that this one does not know is left to whoever does, and what is behind it waits', async () => {
    const { store, write } = await open()
    const { tenant } = await tenantIn(store)
    const webhook = records.webhook(tenant, { events: ['token.created', 'token.deleted'] })
    const [first, other] = [records.event(tenant), records.event(tenant)]
    await store.commit([
      { type: 'put-webhook', webhook },
      { type: 'emit-event', event: { ...first, type: 'token.created' } },
      { type: 'emit-event', event: { ...first, id: records.event(tenant).id, type: 'token.deleted' } },
      { type: 'emit-event', event: { ...other, type: 'token.created' } },
    ])
    const [begun] = await store.claimDeliveries({ at, until, limit: 1 })
    await write(
      `update deliveries set due_at = 0; update deliveries set event = 'token.later' where no = ${begun?.no}`,
    )
    const claimed = await store.claimDeliveries({ at, until, limit: 10 })
    expect(claimed.map(({ event }) => event.id)).toEqual([other.id])
    // Not claimed either: nobody who knows it would find it due.
    await write("update deliveries set event = 'token.created'")
    const late = await store.claimDeliveries({ at, until, limit: 10 })
    expect(late.map(({ event }) => event.id)).toEqual([first.id])
  })

  test('a webhook whose form this one does not know is left alone with its deliveries, and others get theirs', async () => {
    const { store, write } = await open()
    const { tenant } = await tenantIn(store)
    const [known, later] = [
      records.webhook(tenant),
      records.webhook(tenant, { url: 'https://later.example/' }),
    ]
    await store.commit([
      { type: 'put-webhook', webhook: known },
      { type: 'put-webhook', webhook: later },
    ])
    await write("update webhooks set form = 'later' where url = 'https://later.example/'")
    const isThere = (await store.webhooks(tenant.id)).map(({ id }) => id)
    expect(isThere).toHaveLength(1)
    await store.commit([{ type: 'emit-event', event: records.event(tenant) }])
    expect((await store.outboxState()).waiting).toBe(2)
    const claimed = await store.claimDeliveries({ at, until, limit: 10 })
    expect(claimed.map(({ webhookId }) => webhookId)).toEqual(isThere)
    for (const { id } of [known, later])
      expect(await store.webhook(id).then((found) => found?.id)).toBe(isThere.includes(id) ? id : undefined)
  })

  test('a credential of a dialect that this one does not speak is not there, and others are', async () => {
    const { store, write } = await open()
    const { tenant } = await tenantIn(store)
    const credential = records.credential(tenant)
    await store.commit([{ type: 'put-credential', credential }])
    await write("update credentials set dialect = 'later'")
    const beside = records.credential(tenant)
    await store.commit([{ type: 'put-credential', credential: beside }])
    expect(await store.credential(credential.id)).toBeUndefined()
    expect((await store.credentials(undefined)).map(({ id }) => id)).toEqual([beside.id])
    expect((await store.credentials(tenant.id)).map(({ id }) => id)).toEqual([beside.id])
  })

  test('what this one does not know that a credential may do, or a method of a destination, is not allowed here', async () => {
    const { store, write } = await open()
    const { tenant } = await tenantIn(store)
    const credential = records.credential(tenant)
    await store.commit([
      { type: 'put-credential', credential },
      { type: 'put-destination', destination: records.destination(tenant) },
    ])
    await write(
      `update credentials set permissions = '["later","tokenize"]'; update destinations set methods = '["POST","QUERY"]'`,
    )
    expect((await store.credential(credential.id))?.permissions).toEqual(['tokenize'])
    const allowed = async (): Promise<boolean[]> =>
      (await store.destinations(tenant.id)).flatMap((destination) =>
        forwardMethods.map((method) =>
          isAllowed(destination, { origin: destination.origin, path: destination.pathPrefix ?? '/', method }),
        ),
      )
    expect(await allowed()).toEqual(forwardMethods.map((method) => method === 'POST'))
    // No method at all is what a destination says that allows every one.
    await write(`update destinations set methods = '["QUERY"]'`)
    expect(await allowed()).toEqual(forwardMethods.map(() => false))
  })

  test('a scheme that this one has not heard of is unknown, and stays in the database while the number does', async () => {
    const { store, write } = await open()
    const { scope, tenant } = await tenantIn(store)
    const fingerprint = records.fingerprint(scope)
    const token = records.token(tenant, fingerprint)
    await store.commit([
      { type: 'put-fingerprint', fingerprint },
      { type: 'put-token', token },
    ])
    await write("update tokens set scheme = 'later'")
    const read = await store.token(token.id)
    if (!read) throw new Error('a token')
    expect(read).toMatchObject({ scheme: 'unknown' })
    const version = { ...read, version: read.version + 1 }
    const isWritten = await store.commit([{ type: 'replace-token', token: version }])
    expect(isWritten.ok).toBe(true)
    await write("update tokens set scheme = 'visa' where scheme = 'later'")
    expect(await store.token(token.id)).toMatchObject({ scheme: 'visa' })
    const other = records.fingerprint(scope)
    const next = { ...version, version: version.version + 1, fingerprint: other }
    await store.commit([
      { type: 'put-fingerprint', fingerprint: other },
      { type: 'replace-token', token: next },
    ])
    expect(await store.token(token.id)).toMatchObject({ scheme: 'unknown' })
  })
})

/** What any expanding step may add to a table that there is. */
const grown = (tables: readonly string[]): string =>
  tables
    .map((name) => `alter table ${name} add column of_a_newer_version text not null default 'x';`)
    .join('\n')

test('every statement fits a database whose tables have more columns', async () => {
  const file = join(makeWorkspace().path, 'cardkeep.db')
  await (await openSqliteStore({ file })).close()
  const database = openDatabase(file)
  const tables = database
    .prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'")
    .all()
    .map(({ name }) => String(name))
  database.exec(grown(tables))
  database.close()
  // It prepares them all.
  const store = await openSqliteStore({ file })
  onTestFinished(() => store.close())
  expect(await store.schema()).toMatchObject({ needs: 0 })
})
