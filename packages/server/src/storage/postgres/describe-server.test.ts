import { describeOnPostgres } from '@cardkeep/testing/servers/shared'
import { expect, test } from 'vitest'
import { describeServer } from './describe-server.ts'
import type { PostgresSettings } from './settings.ts'

describeOnPostgres('a PostgreSQL server', (server) => {
  const settingsOf = (url: string): PostgresSettings => ({
    url,
    ...{ passwordFile: undefined, password: server.password, tls: undefined, connections: 2, pooler: 'none' },
  })

  test('says what its operator decided about it', async () => {
    const facts = await describeServer(settingsOf(await server.createDatabase()))
    expect(facts).toMatchObject({ isEncrypted: false, isReadOnly: false })
    expect(facts.major).toBeGreaterThanOrEqual(13)
    expect(facts.version).toMatch(new RegExp(`^${facts.major}\\.\\d+$`))
    expect(facts.connectionsAllowed).toBeGreaterThan(0)
  })
})
