import { createFixedClock } from '@cardkeep/testing/clock'
import { storeConformance } from '@cardkeep/testing/conformance/store'
import { emptyVault } from '@cardkeep/testing/servers/empty-vault'
import { describeOnPostgres } from '@cardkeep/testing/servers/shared'
import { afterAll, beforeAll } from 'vitest'
import { ask, createDatabase, type Session } from './database.ts'
import { type PostgresSettings, usualPatience } from './settings.ts'
import { openPostgresStore, type PostgresStore } from './store.ts'

describeOnPostgres('the PostgreSQL store', (server) => {
  const open: PostgresStore[] = []
  const settings = (url: string): PostgresSettings => ({
    url,
    passwordFile: undefined,
    password: server.password,
    tls: undefined,
    connections: 4,
    pooler: 'none',
  })
  const openStore = async (url: string, chain: 'main' | 'own'): Promise<PostgresStore> => {
    const store = await openPostgresStore({ settings: settings(url), chain, clock: createFixedClock() })
    open.push(store)
    return store
  }
  const closeAll = async (): Promise<void> => {
    await Promise.all(open.splice(0).map((store) => store.close()))
  }
  let url: string
  let session: Session | undefined
  /** It remembers nothing of the database, and opening one for each test takes most of the time. */
  let lasting: PostgresStore | undefined
  beforeAll(async () => {
    url = await server.createDatabase()
    lasting = await openPostgresStore({ settings: settings(url), chain: 'main', clock: createFixedClock() })
    session = await createDatabase(settings(url), usualPatience).connect()
  })
  afterAll(() => Promise.all([lasting?.close(), session?.close()]))

  const empty = async (): Promise<void> => {
    if (!session) throw new Error('a session')
    await ask(session, { statement: { name: undefined, text: emptyVault }, values: [] })
  }

  storeConformance('the PostgreSQL store', async () => {
    await empty()
    if (!lasting) throw new Error('a store')
    return { store: lasting, openAnother: () => openStore(url, 'main'), close: closeAll }
  })

  // What stands beside entries is the same there.
  const suites = ['lists', 'audit'] as const
  storeConformance(
    'the PostgreSQL store that writes a chain of its own',
    async () => {
      await empty()
      const store = await openStore(url, 'own')
      return { store, chain: store.chain, openAnother: () => openStore(url, 'own'), close: closeAll }
    },
    suites,
  )
})
