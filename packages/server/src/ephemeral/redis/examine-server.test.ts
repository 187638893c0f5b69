import { join } from 'node:path'
import { UnavailableError } from '@cardkeep/core/errors'
import { createFixedClock } from '@cardkeep/testing/clock'
import { startRedis } from '@cardkeep/testing/servers/redis'
import { drawPrefix, openOnRedis } from '@cardkeep/testing/servers/redis-ephemeral'
import { describeOnRedis } from '@cardkeep/testing/servers/shared'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { nameBytes, type SealedCode } from '../backend.ts'
import { examineServer } from './examine-server.ts'

const name = Buffer.alloc(nameBytes, 1)
const code: SealedCode = {
  name,
  tokenName: name,
  owner: 'shop',
  sealed: Buffer.alloc(38, 7),
  ttlMs: 60_000,
  uses: 1,
  destinations: undefined,
}
const taker = { tokenName: name, destination: name }

const refusalOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise
    return 'accepted'
  } catch (error) {
    if (error instanceof UnavailableError) return error.message
    throw error
  }
}

/** What servers say that cannot be had on this machine. */
describe('a server that says of itself', () => {
  const good = {
    info: 'redis_version:7.2.4\r\nredis_mode:standalone\r\nrole:master\r\nconnected_slaves:0\r\n',
    config: { save: '', appendonly: 'no', 'maxmemory-policy': 'noeviction', 'repl-diskless-sync': 'yes' },
  }
  const examine = (info: string, config: Readonly<Record<string, string>> = {}) =>
    examineServer(async (command, ...args) => {
      if (command === 'INFO') return info
      const asked = args[1] ?? ''
      return [asked, { ...good.config, ...config }[asked] ?? '0']
    })

  test('all that it should is used', async () => {
    expect(await examine(good.info)).toBeUndefined()
    for (const version of ['7.0.0', '7.0.15', '8.10.1', '10.0.0'])
      expect(await examine(good.info.replace('7.2.4', version))).toBeUndefined()
  })

  test.each([
    ['an old version', good.info.replace('7.2.4', '6.2.14'), {}, 'is older than Redis 7.0'],
    ['no version', good.info.replace('redis_version', 'x'), {}, 'is older than Redis 7.0'],
    ['cluster mode', good.info.replace('standalone', 'cluster'), {}, 'runs in cluster mode'],
    ['snapshots', good.info, { save: '3600 1' }, "`CONFIG SET save ''`"],
    ['a log', good.info, { appendonly: 'yes' }, '`CONFIG SET appendonly no`'],
    [
      'eviction',
      good.info,
      { 'maxmemory-policy': 'volatile-ttl' },
      '`CONFIG SET maxmemory-policy noeviction`',
    ],
    ['a primary', good.info.replace('master', 'slave'), {}, 'is a replica'],
    [
      'replicas by way of a file',
      good.info.replace('slaves:0', 'slaves:2'),
      { 'repl-diskless-sync': 'no' },
      '`CONFIG SET repl-diskless-sync yes`',
    ],
  ])('%s is refused and told what to do', async (_, info, config, text) => {
    expect(await examine(info, config)).toContain(text)
  })

  test('that it has replicas without files between is used', async () => {
    expect(await examine(good.info.replace('slaves:0', 'slaves:2'))).toBeUndefined()
  })

  test('all that it should has said it after two ways to it and back', async () => {
    let [ways, way]: [number, Promise<void> | undefined] = [0, undefined]
    const answer = examineServer(async (command, ...args) => {
      way ??= new Promise<void>((resolve) => {
        setImmediate(resolve)
        ways++
      }).then(() => {
        way = undefined
      })
      await way
      const asked = args[1] ?? ''
      return command === 'INFO' ? good.info : [asked, { ...good.config }[asked] ?? '0']
    })
    expect(await answer).toBeUndefined()
    expect(ways).toBe(2)
  })

  test.each(Object.keys(good.config).slice(0, 3))('nothing of %s is refused', async (asked) => {
    const answer = examineServer(async (command, ...args) => {
      if (command === 'INFO') return good.info
      const setting = args[1] ?? ''
      return setting === asked ? [] : [setting, new Map(Object.entries(good.config)).get(setting) ?? '0']
    })
    expect(await answer).toBeDefined()
  })
})

describeOnRedis('a server that is really so', () => {
  const clock = createFixedClock()

  const start = async (settings: Readonly<Record<string, string>> = {}) => {
    const server = await startRedis({ folder: join(makeWorkspace().path, 'redis'), settings })
    return { server, url: server.url() }
  }

  test.each([
    ['writes snapshots', { save: '3600 1' }, "writes snapshots to a disk: say `CONFIG SET save ''`"],
    [
      'writes a log',
      { appendonly: 'yes' },
      'writes a log of its changes to a disk: say `CONFIG SET appendonly no`',
    ],
    [
      'evicts',
      { maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' },
      'may evict codes that are still good: say `CONFIG SET maxmemory-policy noeviction`',
    ],
    ['evicts, if memory were short', { 'maxmemory-policy': 'volatile-ttl' }, 'may evict'],
    ['is one of a cluster', { 'cluster-enabled': 'yes' }, 'runs in cluster mode'],
    ['follows another', { replicaof: '127.0.0.1 1' }, 'is a replica'],
  ])('%s is refused at the start', async (_, settings, text) => {
    const { server, url } = await start(settings)
    expect(await refusalOf(openOnRedis({ url, clock }))).toContain(
      `the server for codes is not used: it ${text}`,
    )
    await server.stop()
  })

  test('and becomes so later is not used until it is mended, but is still rid of codes', async () => {
    const { server, url } = await start()
    const heard: string[] = []
    const listener = { lost: (reason: string) => heard.push(reason), back: () => heard.push('back') }
    const ephemeral = await openOnRedis({ url, clock, listener })
    const operator = new Redis(url)
    await ephemeral.codes.hold(code)
    await ephemeral.codes.hold({ ...code, name: Buffer.alloc(nameBytes, 2) })

    await operator.config('SET', 'maxmemory-policy', 'allkeys-lfu')
    for (const attempt of [ephemeral.check(), ephemeral.check()])
      expect(await refusalOf(attempt)).toContain('may evict')
    expect(await refusalOf(ephemeral.codes.take(name, taker))).toContain('may evict')
    expect(await refusalOf(ephemeral.codes.hold(code))).toContain('may evict')
    expect(await ephemeral.codes.drop(name)).toBe(true)

    await operator.config('SET', 'maxmemory-policy', 'noeviction')
    await ephemeral.check()
    expect(await ephemeral.codes.take(name, taker)).toBeUndefined()
    expect(await ephemeral.codes.take(Buffer.alloc(nameBytes, 2), taker)).toBeDefined()
    expect(heard).toEqual(['back', expect.stringContaining('may evict'), 'back'])
    operator.disconnect()
    await ephemeral.close()
    await server.stop()
  })

  test('is opened for whoever only drops, and for nothing else', async () => {
    const { server, url } = await start()
    const prefix = drawPrefix()
    const node = await openOnRedis({ url, clock, prefix })
    const operator = new Redis(url)
    await node.codes.hold(code)
    await operator.config('SET', 'save', '3600 1')
    const command = await openOnRedis({ url, clock, prefix, isForRemoval: true })
    expect(await refusalOf(command.codes.hold(code))).toContain('writes snapshots')
    expect(await command.codes.dropToken(code.tokenName, undefined)).toBe(true)
    await operator.config('SET', 'save', '')
    expect(await node.codes.take(name, taker)).toBeUndefined()
    operator.disconnect()
    await Promise.all([node.close(), command.close()])
    await server.stop()
  })

  test('is not asked for a setting by a user who may not is refused, and told the rule', async () => {
    const aclUser = { name: 'cardkeep', password: 'of-a-test', rules: '~ck:* +@all -config' }
    const server = await startRedis({ folder: join(makeWorkspace().path, 'redis'), aclUser })
    const wish = { url: server.url(), clock, settings: { password: aclUser.password } }
    expect(await refusalOf(openOnRedis(wish))).toContain('give the user the rule +config|get')
    await server.stop()
  })
})
