import { join } from 'node:path'
import { createFixedClock } from '@cardkeep/testing/clock'
import { storeConformance } from '@cardkeep/testing/conformance/store'
import { emptyVault } from '@cardkeep/testing/servers/empty-vault'
import { type PgbouncerServer, startPgbouncer } from '@cardkeep/testing/servers/pgbouncer'
import { describeOnPgbouncer } from '@cardkeep/testing/servers/shared'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { afterAll, beforeAll } from 'vitest'
import { openPostgresStore, type PostgresStore } from './store.ts'

describeOnPgbouncer('behind a pooler in transaction mode', (server) => {
  let pooler: PgbouncerServer
  let direct: string
  const open: PostgresStore[] = []
  beforeAll(async () => {
    pooler = await startPgbouncer({
      folder: join(makeWorkspace().path, 'pgbouncer'),
      before: server,
      // Fewer than the sessions of the vault, so that they take turns.
      connections: 2,
    })
    direct = await server.createDatabase()
    await (await openStore(pooler.url(direct))).close()
  })
  afterAll(() => pooler.stop())

  const openStore = async (url: string): Promise<PostgresStore> => {
    const store = await openPostgresStore({
      settings: {
        ...{ url, passwordFile: server.passwordFile, password: undefined, tls: undefined },
        ...{ connections: 4, pooler: 'transaction' },
      },
      chain: 'own',
      clock: createFixedClock(),
    })
    open.push(store)
    return store
  }

  const openEmpty = async () => {
    await server.execute(direct, emptyVault)
    const url = pooler.url(direct)
    const store = await openStore(url)
    return {
      store,
      chain: store.chain,
      openAnother: () => openStore(url),
      close: async () => {
        await Promise.all(open.splice(0).map((one) => one.close()))
      },
    }
  }

  // What lasts for a transaction alone, or is held for one: settings and locks.
  storeConformance('the PostgreSQL store', openEmpty, ['lists', 'tokens', 'lines'])
})
