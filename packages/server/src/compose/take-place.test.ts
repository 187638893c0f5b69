import { join } from 'node:path'
import { UnavailableError } from '@cardkeep/core/errors'
import { describeOnPostgres } from '@cardkeep/testing/servers/shared'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { describe, expect, test } from 'vitest'
import { type Config, ConfigError, readConfig } from '../config.ts'
import { takePlace } from './take-place.ts'

const inMemory = { isShared: false }
const onServer = { isShared: true }

describe('a database in a file', () => {
  const inFile = (): { readonly config: Config } => ({
    config: readConfig({ CARDKEEP_DATA: join(makeWorkspace().path, 'data') }),
  })

  test.each([inMemory, onServer])('is served by one process, wherever codes are: %j', async (codes) => {
    const vault = inFile()
    const place = await takePlace(vault, codes)
    expect(place.isLookFree).toBe(true)
    await expect(takePlace(vault, codes)).rejects.toThrow('another vault serves')
    await place.leave()
    const next = await takePlace(vault, codes)
    await next.leave()
  })
})

describe('a database on a server', () => {
  test('is served by no vault with codes in memory behind a pooler, which could not be made sure to be alone', async () => {
    const config = readConfig({
      CARDKEEP_DATABASE_URL: 'postgres://vault@127.0.0.1:1/cards',
      CARDKEEP_DATABASE_POOLER: 'transaction',
    })
    await expect(takePlace({ config }, inMemory)).rejects.toThrow(ConfigError)
  })

  test('is served by any number that share their codes, without asking anyone', async () => {
    const config = readConfig({ CARDKEEP_DATABASE_URL: 'postgres://vault@127.0.0.1:1/cards' })
    const places = await Promise.all([takePlace({ config }, onServer), takePlace({ config }, onServer)])
    expect(places.map(({ isLookFree }) => isLookFree)).toEqual([false, false])
  })
})

describeOnPostgres('a database on PostgreSQL', (server) => {
  test('is served by one vault with codes in memory, and by the next when it has left', async () => {
    const url = await server.createDatabase()
    const { database } = readConfig({ CARDKEEP_DATABASE_URL: url })
    if (database.type !== 'postgres') throw new Error('a test was given another database')
    const config = { ...readConfig({}), database: { ...database, password: server.password } }
    const place = await takePlace({ config }, inMemory)
    await expect(takePlace({ config }, inMemory)).rejects.toThrow(UnavailableError)
    await place.leave()
    const next = await takePlace({ config }, inMemory)
    await next.leave()
  })
})
