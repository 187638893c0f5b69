import { join } from 'node:path'
import { UnavailableError } from '@cardkeep/core/errors'
import { describeOnPostgres } from '@cardkeep/testing/servers/shared'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { describe, expect, test } from 'vitest'
import { type Config, ConfigError, readConfig } from '../config.ts'
import { takePlace } from './take-place.ts'

const inMemory = { codes: { type: 'memory' } } as const
const onServer = { codes: readConfig({ CARDKEEP_CODES_URL: 'redis://127.0.0.1:1' }).codes }

describe('a database in a file', () => {
  const inFile = (codes: Pick<Config, 'codes'>): { readonly config: Config } => ({
    config: { ...readConfig({ CARDKEEP_DATA: join(makeWorkspace().path, 'data') }), ...codes },
  })

  test.each([inMemory, onServer])('is served by one process, wherever codes are: %j', async (codes) => {
    const vault = inFile(codes)
    const place = await takePlace(vault)
    expect(place.isLookFree).toBe(true)
    await expect(takePlace(vault)).rejects.toThrow('another vault serves')
    await place.leave()
    const next = await takePlace(vault)
    await next.leave()
  })
})

describe('a database on a server', () => {
  test('is served by no vault with codes in memory behind a pooler, which could not be made sure to be alone', async () => {
    const config = readConfig({
      CARDKEEP_DATABASE_URL: 'postgres://vault@127.0.0.1:1/cards',
      CARDKEEP_DATABASE_POOLER: 'transaction',
    })
    expect(config).toMatchObject(inMemory)
    await expect(takePlace({ config })).rejects.toThrow(ConfigError)
  })

  test('is served by any number that share their codes, without asking anyone', async () => {
    const config = {
      ...readConfig({ CARDKEEP_DATABASE_URL: 'postgres://vault@127.0.0.1:1/cards' }),
      ...onServer,
    }
    const places = await Promise.all([takePlace({ config }), takePlace({ config })])
    expect(places.map(({ isLookFree }) => isLookFree)).toEqual([false, false])
  })
})

describeOnPostgres('a database on PostgreSQL', (server) => {
  test('is served by one vault with codes in memory, and by the next when it has left', async () => {
    const url = await server.createDatabase()
    const { database } = readConfig({ CARDKEEP_DATABASE_URL: url })
    if (database.type !== 'postgres') throw new Error('a test was given another database')
    const config = { ...readConfig({}), ...inMemory, database: { ...database, password: server.password } }
    const place = await takePlace({ config })
    await expect(takePlace({ config })).rejects.toThrow(UnavailableError)
    await place.leave()
    const next = await takePlace({ config })
    await next.leave()
  })
})
