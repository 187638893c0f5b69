import { join } from 'node:path'
import { guessLimits } from '@cardkeep/core/codes/guesses'
import { HoldLostError, UnavailableError } from '@cardkeep/core/errors'
import { createFixedClock } from '@cardkeep/testing/clock'
import { startRedis } from '@cardkeep/testing/servers/redis'
import { drawPrefix, openOnRedis } from '@cardkeep/testing/servers/redis-ephemeral'
import { describeOnRedis } from '@cardkeep/testing/servers/shared'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { nameBytes, type SealedCode } from '../backend.ts'
import type { SealedSession } from '../session-backend.ts'

const nameAt = (at: number): Buffer => Buffer.alloc(nameBytes, at)

const codeAt = (at: number, parts: Partial<SealedCode> = {}): SealedCode => ({
  name: nameAt(at),
  tokenName: nameAt(100 + at),
  owner: 'shop',
  sealed: Buffer.alloc(38, at),
  ttlMs: 60_000,
  uses: 1,
  destinations: undefined,
  ...parts,
})

const sessionAt = (at: number): SealedSession => ({
  name: nameAt(at),
  owner: 'shop',
  sealed: Buffer.alloc(38, at),
  ttlMs: 60_000,
})

const takerAt = (at: number) => ({ tokenName: nameAt(100 + at), destination: nameAt(200) })

const refusedForMemory = 'the server for codes cannot be used: it answered OOM'

describeOnRedis('a server of codes', () => {
  /** A server of its own with two nodes at it, and what the first of them hears. */
  const open = async (settings: Readonly<Record<string, string>> = {}) => {
    const server = await startRedis({ folder: join(makeWorkspace().path, 'redis'), settings })
    const [clock, prefix] = [createFixedClock(), drawPrefix()]
    const heard: string[] = []
    const listener = { lost: (reason: string) => heard.push(reason), back: () => heard.push('back') }
    const wish = { url: server.url(), clock, prefix }
    const [node, other] = [await openOnRedis({ ...wish, listener }), await openOnRedis(wish)]
    return {
      server,
      node,
      other,
      heard,
      prefix,
      close: async () => {
        await node.close()
        await other.close()
        await server.stop()
      },
    }
  }

  test.each(['kill', 'stop'] as const)(
    'that ends by %s and comes back has no codes, and takes none back from before',
    async (how) => {
      const { server, node, other, heard, close } = await open()
      for (const at of [1, 2, 3]) await node.codes.hold(codeAt(at, { uses: at }))
      const before = [
        await node.codes.take(nameAt(1), takerAt(1)),
        await node.codes.take(nameAt(2), takerAt(2)),
      ]
      await server[how]()
      await server.start()
      for (const at of [1, 2, 3]) expect(await other.codes.take(nameAt(at), takerAt(at))).toBeUndefined()
      await node.codes.hold(codeAt(2, { sealed: Buffer.alloc(38, 9) }))
      for (const taken of before) expect(await node.codes.giveBack(taken?.receipt)).toBe(false)
      const after = await other.codes.take(nameAt(2), takerAt(2))
      expect(after?.sealed).toEqual(Buffer.alloc(38, 9))
      expect(await other.codes.take(nameAt(2), takerAt(2))).toBeUndefined()
      expect(heard[0]).toBe('back')
      expect(heard.at(-1)).toBe('back')
      expect(heard).toHaveLength(3)
      await close()
    },
  )

  test('that is emptied by its operator takes nothing back from before', async () => {
    const { server, node, close } = await open()
    const operator = new Redis(server.url())
    await node.codes.hold(codeAt(1))
    await node.codes.dropAll()
    await node.codes.hold(codeAt(1))
    const taken = await node.codes.take(nameAt(1), takerAt(1))
    await operator.flushall()
    await operator.script('FLUSH')
    expect(await node.codes.giveBack(taken?.receipt)).toBe(false)
    expect(await node.codes.take(nameAt(1), takerAt(1))).toBeUndefined()
    await node.codes.hold(codeAt(1))
    expect(await node.codes.giveBack(taken?.receipt)).toBe(false)
    expect(await node.codes.take(nameAt(1), takerAt(1))).toBeDefined()
    operator.disconnect()
    await close()
  })

  test('that is away gives an outage for codes, while guesses and failures are counted here', async () => {
    const { server, node, close } = await open()
    await server.kill()
    const attempts = [
      node.codes.hold(codeAt(1)),
      node.codes.take(nameAt(1), takerAt(1)),
      node.codes.drop(nameAt(1)),
      node.codes.undoHold({ key: '', hold: '', uses: '' }),
    ]
    for (const outcome of await Promise.allSettled(attempts))
      expect(outcome).toEqual({ status: 'rejected', reason: expect.any(UnavailableError) })
    await expect(node.check()).rejects.toThrow('the server for codes cannot be')
    for (let failure = 0; failure < 10; failure++) await node.lockouts.fail('key 192.0.2.1')
    expect(await node.lockouts.remainingSeconds('key 192.0.2.1')).toBe(30 * 60)
    for (let failure = 0; failure < guessLimits.session.atOnce; failure++)
      await node.guesses.failed(['session t a'])
    expect(await node.guesses.waitSeconds(['session t a'])).toBe(guessLimits.session.everyMs / 1000)

    await server.start()
    expect(await node.codes.hold(codeAt(1))).toBeDefined()
    expect(await node.lockouts.remainingSeconds('key 192.0.2.1')).toBe(30 * 60)
    await close()
  })

  test('that counts for one node counts for all', async () => {
    const { node, other, close } = await open()
    for (let failure = 0; failure < 5; failure++)
      for (const one of [node, other]) await one.lockouts.fail('key 192.0.2.1')
    for (const one of [node, other])
      expect(await one.lockouts.remainingSeconds('key 192.0.2.1')).toBe(30 * 60)
    for (let failure = 0; failure < guessLimits.session.atOnce; failure++)
      await node.guesses.failed(['session t a'])
    expect(await other.guesses.waitSeconds(['session t a'])).toBe(guessLimits.session.everyMs / 1000)
    await close()
  })

  test('that hangs is given up after a while, and what it was asked is not asked again', async () => {
    const { server, node, other, close } = await open()
    await node.codes.hold(codeAt(1, { uses: 3 }))
    process.kill(server.pid, 'SIGSTOP')
    await expect(node.codes.take(nameAt(1), takerAt(1))).rejects.toThrow(UnavailableError)
    process.kill(server.pid, 'SIGCONT')
    // It happened, though nobody heard of it, and only once.
    const uses = []
    for (let use = 0; use < 3; use++) uses.push(await other.codes.take(nameAt(1), takerAt(1)))
    expect(uses.map((taken) => taken !== undefined)).toEqual([true, true, false])
    await close()
  })

  test('that hangs while a code is held tells by what to undo that, whether it happened or not', async () => {
    const { server, node, other, close } = await open()
    process.kill(server.pid, 'SIGSTOP')
    const lost = await node.codes.hold(codeAt(1)).catch((error: unknown) => error)
    process.kill(server.pid, 'SIGCONT')
    if (!(lost instanceof HoldLostError)) throw new Error('a test got its answer')
    expect([await other.codes.isHeld(nameAt(1)), await node.codes.undoHold(lost.held.hold)]).toEqual([
      true,
      true,
    ])
    expect(await other.codes.take(nameAt(1), takerAt(1))).toBeUndefined()
    expect(await node.codes.undoHold(lost.held.hold)).toBe(false)
    await close()
  })

  test('that is started again with a disk is not used', async () => {
    const { server, node, close } = await open()
    const operator = new Redis(server.url())
    await node.codes.hold(codeAt(1))
    // As when its file of settings was changed since: the node has to look again by itself after each connection.
    await operator.config('SET', 'save', '3600 1')
    await operator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    // The first may still be told on the connection that is gone.
    await expect(node.codes.take(nameAt(1), takerAt(1))).rejects.toThrow(UnavailableError)
    await expect(node.codes.take(nameAt(1), takerAt(1))).rejects.toThrow('writes snapshots')
    operator.disconnect()
    await close()
  })

  test('whose memory is full holds nothing more, while what it holds is taken, given back and dropped', async () => {
    const { server, node, close } = await open()
    const operator = new Redis(server.url())
    for (const [at, uses] of [1, 2, 1, 1].entries()) await node.codes.hold(codeAt(at, { uses }))
    await operator.config('SET', 'maxmemory', '1')
    const take = (at: number) => node.codes.take(nameAt(at), takerAt(at))
    // In one command, of which each step is refused or done by itself.
    const [held, ...taken] = await Promise.allSettled([node.codes.hold(codeAt(9)), take(0), take(1)])
    expect(held).toMatchObject({ status: 'rejected', reason: new UnavailableError(refusedForMemory) })
    expect(taken.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    const [once, twice] = taken.map((each) => (each.status === 'fulfilled' ? each.value : undefined))
    expect(once?.sealed).toEqual(Buffer.alloc(38, 0))
    expect(await take(0)).toBeUndefined()
    expect(await node.codes.giveBack(twice?.receipt)).toBe(true)
    expect(await node.codes.giveBack(once?.receipt)).toBe(true)
    expect([await take(0), await take(1), await take(1)].every(Boolean)).toBe(true)
    expect([await take(0), await take(1)]).toEqual([undefined, undefined])
    expect(await node.codes.drop(nameAt(2))).toBe(true)
    await node.codes.dropAll()
    expect(await take(3)).toBeUndefined()
    await operator.config('SET', 'maxmemory', '0')
    expect(await node.codes.hold(codeAt(9))).toBeDefined()
    operator.disconnect()
    await close()
  })

  test('that took the place of another has no codes, sessions or keys, because replication may have lost what was done with them', async () => {
    const settings = {
      'repl-diskless-sync': 'yes',
      'repl-diskless-sync-delay': '0',
      'repl-diskless-load': 'swapdb',
    }
    const { server, node, prefix, close } = await open(settings)
    const replica = await startRedis({ folder: join(makeWorkspace().path, 'replica'), settings })
    const [primary, operator] = [new Redis(server.url()), new Redis(replica.url())]
    await operator.replicaof('127.0.0.1', server.port)
    while (!(await operator.info('replication')).includes('master_link_status:up'));
    await node.codes.hold(codeAt(1))
    await node.sessions.open(sessionAt(1))
    await node.sessionKeys.put(nameAt(1), Buffer.alloc(38, 1), 60_000)
    await node.check()
    while ((await operator.dbsize()) !== (await primary.dbsize()));
    await operator.replicaof('NO', 'ONE')
    const promoted = await openOnRedis({ url: replica.url(), clock: createFixedClock(), prefix })
    expect(await operator.keys(`${prefix}c:*`)).toHaveLength(1)
    expect(await promoted.codes.take(nameAt(1), takerAt(1))).toBeUndefined()
    expect(await promoted.count()).toBe(0)
    expect(await promoted.sessions.find(nameAt(1))).toBeUndefined()
    expect(await promoted.sessionKeys.find(nameAt(1))).toBeUndefined()
    expect(await promoted.sessionKeys.isGood(nameAt(1))).toBe(false)
    await promoted.sessions.open(sessionAt(1))
    await promoted.codes.hold(codeAt(1))
    await promoted.check()
    expect(await promoted.codes.take(nameAt(1), takerAt(1))).toBeDefined()
    expect(await promoted.sessions.find(nameAt(1))).toBeDefined()
    primary.disconnect()
    operator.disconnect()
    await promoted.close()
    await close()
    await replica.stop()
  })

  test('that followed another for a while has no codes of that one, which may have lost that one was taken', async () => {
    const settings = {
      'repl-diskless-sync': 'yes',
      'repl-diskless-sync-delay': '0',
      'repl-diskless-load': 'swapdb',
    }
    const { server, node, close } = await open(settings)
    const replica = await startRedis({ folder: join(makeWorkspace().path, 'replica'), settings })
    const [primary, operator] = [new Redis(server.url()), new Redis(replica.url())]
    const follow = async (one: Redis, other: number): Promise<void> => {
      await one.replicaof('127.0.0.1', other)
      while (!(await one.info('replication')).includes('master_link_status:up'));
    }
    await node.codes.hold(codeAt(1))
    await follow(operator, server.port)
    await operator.replicaof('NO', 'ONE')
    expect(await node.codes.take(nameAt(1), takerAt(1))).toBeDefined()
    await follow(primary, replica.port)
    await primary.replicaof('NO', 'ONE')
    await node.check()
    expect(await node.codes.take(nameAt(1), takerAt(1))).toBeUndefined()
    primary.disconnect()
    operator.disconnect()
    await close()
    await replica.stop()
  })

  test('that is slow holds up nobody who can do without it', async () => {
    const { server, node, close } = await open()
    const operator = new Redis(server.url())
    const [lockout, guess] = ['key 192.0.2.1', 'session t a']
    await operator.call('CLIENT', 'PAUSE', '1500')
    const begun = performance.now()
    await Promise.all(Array.from({ length: 10 }, () => node.lockouts.fail(lockout)))
    await Promise.all(Array.from({ length: guessLimits.session.atOnce }, () => node.guesses.failed([guess])))
    const waits = [node.lockouts.remainingSeconds(lockout), node.guesses.waitSeconds([guess])]
    expect(await Promise.all(waits)).toEqual([30 * 60, guessLimits.session.everyMs / 1000])
    expect(performance.now() - begun).toBeLessThan(1_400)
    expect(await node.codes.hold(codeAt(1))).toBeDefined()
    operator.disconnect()
    await close()
  })

  test('to which a connection broke still has its codes', async () => {
    const { server, node, close } = await open()
    await node.codes.hold(codeAt(1))
    const operator = new Redis(server.url())
    await operator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await node.codes.drop(nameAt(2)).catch(() => undefined)
    expect(await node.codes.take(nameAt(1), takerAt(1))).toBeDefined()
    operator.disconnect()
    await close()
  })
})
