import { join } from 'node:path'
import { UnavailableError } from '@cardkeep/core/errors'
import { createFixedClock } from '@cardkeep/testing/clock'
import { startRedis } from '@cardkeep/testing/servers/redis'
import {
  drawPrefix,
  hashForTests,
  openOnRedis,
  type RedisWish,
} from '@cardkeep/testing/servers/redis-ephemeral'
import { describeOnRedis } from '@cardkeep/testing/servers/shared'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { nameBytes } from '../backend.ts'
import type { SealedMark } from '../mark-backend.ts'
import type { RedisConnection } from './connection.ts'
import { createRedisMarks } from './redis-marks.ts'

const minute = 60_000
const nameAt = (at: number): Buffer => Buffer.alloc(nameBytes, at)

describeOnRedis('what nodes remember of captures', (shared) => {
  const openOn = async (url: string, given: Pick<RedisWish, 'marksSince'> = {}) => {
    const [clock, prefix] = [createFixedClock(), drawPrefix()]
    const wish = { url, clock, prefix, ...given }
    const [node, other] = [await openOnRedis(wish), await openOnRedis(wish)]
    const operator = new Redis(url)
    operator.on('error', () => {})
    const markAt = (at: number): SealedMark => ({
      ...{ name: nameAt(at), owner: 'shop' },
      ...{ ttlMs: 20 * minute, at: clock.now() },
    })
    return {
      ...{ clock, prefix, node, other, operator, markAt },
      close: async () => {
        operator.disconnect()
        await Promise.all([node.close(), other.close()])
      },
    }
  }

  test('lasts on the server as long as they say, and no longer', async () => {
    const { node, operator, prefix, markAt, close } = await openOn(shared.url())
    await node.marks.admit(markAt(1))
    const [key = ''] = await operator.keys(`${prefix}m:*`)
    expect(await operator.pttl(key)).toBeLessThanOrEqual(20 * minute)
    expect(await operator.pttl(key)).toBeGreaterThan(19 * minute)
    await node.marks.release(markAt(1))
    expect(await operator.keys(`${prefix}m:*`)).toEqual([])
    await close()
  })

  test('outlasts a seal: no code of before comes back after it', async () => {
    const { clock, node, other, markAt, close } = await openOn(shared.url())
    const mark = markAt(1)
    await node.marks.admit(mark)
    await Promise.all([node.codes.dropAll(), node.sessions.dropAll(), node.sessionKeys.dropAll()])
    clock.advance(minute)
    for (const { marks } of [node, other]) expect(await marks.admit(mark)).toBe('known')
    expect(await other.marks.admit(markAt(2))).toBe('admitted')
    await close()
  })

  test('reaches back to when the first node met the server, whenever others come', async () => {
    const { clock, prefix, node, markAt, close } = await openOn(shared.url())
    clock.advance(minute)
    const mark = markAt(1)
    clock.advance(minute)
    const late = await openOnRedis({ url: shared.url(), clock, prefix })
    await node.check()
    expect(await late.marks.admit(mark)).toBe('admitted')
    await late.close()
    await close()
  })

  test('reaches back to the look that found that the server had no note of it', async () => {
    const { clock, prefix, node, other, operator, markAt, close } = await openOn(shared.url())
    const spent = markAt(1)
    await node.marks.admit(spent)
    // As a vault of an earlier version leaves it.
    await operator.del(`${prefix}marks-since`, ...(await operator.keys(`${prefix}m:*`)))
    clock.advance(minute)
    await node.check()
    const after = markAt(2)
    clock.advance(minute)
    expect(await other.marks.admit(spent)).toBe('known')
    expect(await other.marks.admit(after)).toBe('admitted')
    await close()
  })

  test.each([
    ['emptied', async (operator: Redis) => void (await operator.flushdb())],
    [
      'emptied and looked at again',
      async (operator: Redis, check: () => Promise<void>) => {
        await operator.flushdb()
        await check()
      },
    ],
  ])('is nothing from before the server was %s', async (_, lose) => {
    // A number of its own: nobody else's data goes along.
    const { clock, node, other, operator, markAt, close } = await openOn(shared.url(9))
    const [spent, unspent] = [markAt(1), markAt(2)]
    await node.marks.admit(spent)
    clock.advance(minute)
    await lose(operator, () => node.check())
    for (const mark of [spent, unspent]) expect(await other.marks.admit(mark)).toBe('known')
    clock.advance(1)
    expect(await other.marks.admit(markAt(3))).toBe('admitted')
    await close()
  })

  test.each([
    ['by the look of a node', async (check: () => Promise<void>) => check()],
    ['by a capture', async () => {}],
  ])('is nothing of clients whose clocks were ahead, where the loss is found %s', async (_, look) => {
    let capturedUntil = 0
    const told: number[] = []
    const marksSince = async (serverNow: number) => {
      told.push(serverNow)
      return capturedUntil + 1
    }
    const { clock, node, other, operator, markAt, close } = await openOn(shared.url(9), { marksSince })
    const ahead = (place: number): SealedMark => ({ ...markAt(place), at: clock.now() + 2 * minute })
    const spent = ahead(1)
    expect(await node.marks.admit(spent)).toBe('admitted')
    capturedUntil = spent.at
    clock.advance(minute)
    await operator.flushdb()
    told.length = 0
    await look(() => node.check())
    for (const { marks } of [other, node]) {
      expect(await marks.admit(spent)).toBe('known')
      expect(await marks.admit({ ...markAt(2), at: spent.at })).toBe('known')
      expect(await marks.admit({ ...markAt(3), at: clock.now() })).toBe('known')
    }
    expect(await other.marks.admit({ ...markAt(4), at: spent.at + 1 })).toBe('admitted')
    expect(told).toHaveLength(1)
    // By the server's own clock, which the clock of this test is not.
    expect(Math.abs((told[0] ?? 0) - Date.now())).toBeLessThan(minute)
    await close()
  })

  test('is known on a new server at once: nobody refuses the first code', async () => {
    const { node, markAt, close } = await openOn(shared.url(), { marksSince: async () => 0 })
    expect(await node.marks.admit(markAt(1))).toBe('admitted')
    await close()
  })

  test('is nothing from before the server was started again', async () => {
    const server = await startRedis({ folder: join(makeWorkspace().path, 'redis') })
    const { clock, node, other, markAt, close } = await openOn(server.url())
    const spent = markAt(1)
    await node.marks.admit(spent)
    clock.advance(minute)
    await server.kill()
    await server.start()
    await node.check()
    // Taken between the start and the first that is asked: known, because the node has met the server by then.
    const between = markAt(2)
    clock.advance(minute)
    expect(await other.marks.admit(spent)).toBe('known')
    expect(await other.marks.admit(between)).toBe('admitted')
    await close()
    await server.stop()
  })

  test('is nothing from before another server took its place with a copy, which may lack the last of it', async () => {
    const { clock, prefix, node, other, operator, markAt, close } = await openOn(shared.url())
    const spent = markAt(1)
    await node.marks.admit(spent)
    await operator.del(await operator.keys(`${prefix}m:*`))
    // As a copy would have it: written there under the name of another run.
    await operator.set(`${prefix}run`, 'another run')
    clock.advance(minute)
    await node.check()
    expect(await other.marks.admit(spent)).toBe('known')
    expect(await other.marks.admit(markAt(2))).toBe('admitted')
    await close()
  })

  test('has a limit for each tenant, which nobody else feels', async () => {
    const { clock, prefix, operator, close } = await openOn(shared.url())
    const run: RedisConnection['run'] = async ({ text }, keys, args) =>
      operator.eval(text, keys.length, ...keys, ...args)
    const call: RedisConnection['call'] = async (name, ...args) => operator.call(name, ...args)
    const marks = createRedisMarks(
      { run, call },
      { prefix, hash: (text) => hashForTests(text).toString('base64url') },
      { marksSince: async () => clock.now(), time: () => String(clock.monotonic()), limit: 2 },
    )
    const markAt = (at: number, owner = 'shop'): SealedMark => ({
      ...{ name: nameAt(at), owner, ttlMs: 20 * minute, at: clock.now() },
    })
    expect(await marks.admit(markAt(1))).toBe('admitted')
    clock.advance(1)
    expect(await marks.admit(markAt(2))).toBe('admitted')
    expect(await marks.admit(markAt(3))).toBe('full')
    expect(await marks.admit(markAt(1))).toBe('known')
    expect(await marks.admit(markAt(3, 'another'))).toBe('admitted')
    await marks.release(markAt(2))
    expect(await marks.admit(markAt(3))).toBe('admitted')
    // Only the first is past its time then.
    clock.advance(20 * minute - 1)
    expect(await marks.admit(markAt(4))).toBe('admitted')
    expect(await marks.admit(markAt(5))).toBe('full')
    await close()
  })

  test('cannot be asked while the server is away: that is an outage, and admits nothing', async () => {
    const server = await startRedis({ folder: join(makeWorkspace().path, 'redis') })
    const { node, markAt, close } = await openOn(server.url())
    await server.kill()
    for (const outcome of await Promise.allSettled([
      node.marks.admit(markAt(1)),
      node.marks.release(markAt(1)),
    ]))
      expect(outcome).toEqual({ status: 'rejected', reason: expect.any(UnavailableError) })
    await close()
    await server.stop()
  })
})
