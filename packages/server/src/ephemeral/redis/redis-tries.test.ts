import { join } from 'node:path'
import { UnavailableError } from '@cardkeep/core/errors'
import { issuedCardIdOf } from '@cardkeep/core/issuing/issued-card'
import { epochMs } from '@cardkeep/core/kernel/time'
import { createFixedClock } from '@cardkeep/testing/clock'
import { startRedis } from '@cardkeep/testing/servers/redis'
import { drawPrefix, hashForTests, openOnRedis } from '@cardkeep/testing/servers/redis-ephemeral'
import { describeOnRedis } from '@cardkeep/testing/servers/shared'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, test, vi } from 'vitest'

const clock = createFixedClock()
const card = issuedCardIdOf(epochMs(Date.UTC(2027, 4, 1)), 7)
const another = issuedCardIdOf(epochMs(Date.UTC(2027, 4, 1)), 8)

afterEach(() => void vi.useRealTimers())

describeOnRedis('tries that nodes have under way', (shared) => {
  const openOn = async (url: string, isClockUsed = false) => {
    const wish = { url, clock, prefix: drawPrefix(), isClockUsed }
    const [node, other] = [await openOnRedis(wish), await openOnRedis(wish)]
    const operator = new Redis(url)
    operator.on('error', () => {})
    return {
      ...{ node, other, operator, prefix: wish.prefix },
      close: async () => {
        operator.disconnect()
        await Promise.all([node.close(), other.close()])
      },
    }
  }

  test('stand under a name that tells no card', async () => {
    const { node, operator, prefix, close } = await openOn(shared.url())
    await node.tries.enter(card)
    const keys = await operator.keys(`${prefix}v:*`)
    expect(keys).toEqual([`${prefix}v:${hashForTests(`issued card ${card}`).toString('base64url')}`])
    expect(JSON.stringify([keys, await operator.zrange(keys[0] ?? '', '0', '-1')])).not.toContain(
      String(card),
    )
    await close()
  })

  test('are forgotten half a minute after their node died, to the millisecond, however many came since', async () => {
    const { node, other, close } = await openOn(shared.url(), true)
    await node.tries.enter(card)
    clock.advance(20_000)
    expect(await other.tries.enter(card)).toBe(2)
    await other.tries.leave(card)
    clock.advance(9_999)
    expect(await other.tries.enter(card)).toBe(2)
    clock.advance(1)
    expect(await other.tries.enter(card)).toBe(2)
    await other.tries.leave(card)
    await other.tries.leave(card)
    expect(await other.tries.enter(card)).toBe(1)
    await close()
  })

  test('that were forgotten before they left take none of another node with them', async () => {
    const { node, other, close } = await openOn(shared.url(), true)
    await node.tries.enter(card)
    clock.advance(30_000)
    expect(await other.tries.enter(card)).toBe(1)
    await node.tries.leave(card)
    expect(await other.tries.enter(card)).toBe(2)
    await close()
  })

  test('that take longer than half a minute count on while others of their node come and go', async () => {
    const { node, other, close } = await openOn(shared.url(), true)
    await node.tries.enter(card)
    clock.advance(20_000)
    await node.tries.enter(card)
    await node.tries.leave(card)
    clock.advance(15_000)
    expect(await other.tries.enter(card)).toBe(2)
    await close()
  })

  test('leave nothing on the server that it does not forget by itself', async () => {
    const { node, operator, prefix, close } = await openOn(shared.url())
    await node.tries.enter(card)
    const [key = ''] = await operator.keys(`${prefix}v:*`)
    expect(await operator.pttl(key)).toBeGreaterThan(0)
    await node.tries.leave(card)
    expect(await operator.keys(`${prefix}v:*`)).toEqual([])
    await close()
  })

  test('are owed by their node alone, also while the server is away', async () => {
    const server = await startRedis({ folder: join(makeWorkspace().path, 'redis') })
    const { node, other, close } = await openOn(server.url())
    await server.stop()
    node.tries.owe(card, async () => {})
    expect([node.tries.owed(card), other.tries.owed(card)]).toEqual([1, 0])
    expect([await other.tries.countOwed(card), await node.tries.countOwed(card)]).toEqual([0, 1])
    await close()
  })

  test('begin nowhere while the server is away, and one that was under way ends without a word', async () => {
    const server = await startRedis({ folder: join(makeWorkspace().path, 'redis') })
    const { node, close } = await openOn(server.url())
    await node.tries.enter(card)
    await server.kill()
    await expect(node.tries.enter(card)).rejects.toThrow(UnavailableError)
    await node.tries.leave(card)
    await server.start()
    expect(await node.tries.enter(card)).toBe(1)
    await close()
    await server.stop()
  })

  describe('whose node lives', () => {
    const fakeIntervals = () => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    /** Until the server has heard all that the node said. */
    const pass = async ({ check }: { readonly check: () => Promise<void> }, ms: number) => {
      for (let passed = 0; passed < ms; passed += 10_000) {
        clock.advance(10_000)
        vi.advanceTimersByTime(10_000)
        await check()
      }
    }

    test('count however long they take, and no longer', async () => {
      fakeIntervals()
      const { node, other, operator, prefix, close } = await openOn(shared.url(), true)
      for (const each of [card, card, another]) await node.tries.enter(each)
      await pass(node, 120_000)
      expect([await other.tries.enter(card), await other.tries.enter(another)]).toEqual([3, 2])
      for (const each of [card, card, another]) await node.tries.leave(each)
      await other.tries.leave(card)
      await other.tries.leave(another)
      await pass(node, 20_000)
      expect(await operator.keys(`${prefix}v:*`)).toEqual([])
      expect(vi.getTimerCount()).toBe(0)
      await node.tries.enter(card)
      await pass(node, 40_000)
      expect(await other.tries.enter(card)).toBe(2)
      await close()
    })

    test('stand on the server as long as it needs them, also by its own clock', async () => {
      fakeIntervals()
      const { node, operator, prefix, close } = await openOn(shared.url())
      await node.tries.enter(card)
      const [key = ''] = await operator.keys(`${prefix}v:*`)
      const [, before] = await operator.zrange(key, '0', '-1', 'WITHSCORES')
      await operator.pexpire(key, 5_000)
      while (Number((await operator.time())[0]) * 1_000 + 30_000 <= Number(before));
      await pass(node, 10_000)
      expect(await operator.pttl(key)).toBeGreaterThan(5_000)
      const [, after] = await operator.zrange(key, '0', '-1', 'WITHSCORES')
      expect(Number(after)).toBeGreaterThan(Number(before))
      await close()
    })

    test('begin, count and go on counting on a server that is full', async () => {
      fakeIntervals()
      const server = await startRedis({ folder: join(makeWorkspace().path, 'redis') })
      const { node, other, operator, close } = await openOn(server.url(), true)
      await operator.config('SET', 'maxmemory', '1')
      for (let each = 0; each < 2; each++) await node.tries.enter(card)
      await pass(node, 40_000)
      expect(await other.tries.enter(card)).toBe(3)
      await node.tries.leave(card)
      expect(await other.tries.enter(card)).toBe(3)
      await close()
      await server.stop()
    })

    test('that the server lost count on that node at once, and a moment later on all', async () => {
      fakeIntervals()
      const { node, other, operator, prefix, close } = await openOn(shared.url(), true)
      for (let each = 0; each < 3; each++) await node.tries.enter(card)
      const [key = ''] = await operator.keys(`${prefix}v:*`)
      await operator.del(key)
      expect(await node.tries.enter(card)).toBe(4)
      await node.tries.leave(card)
      await pass(node, 10_000)
      expect(await other.tries.enter(card)).toBe(4)
      await close()
    })
  })

  describe('that nobody heard of', () => {
    /** A server that took in a try, and answered nobody. */
    const openLost = async () => {
      const server = await startRedis({ folder: join(makeWorkspace().path, 'redis') })
      const opened = await openOn(server.url())
      await opened.node.check()
      process.kill(server.pid, 'SIGSTOP')
      await expect(opened.node.tries.enter(card)).rejects.toThrow(UnavailableError)
      const close = async () => {
        await opened.close()
        await server.stop()
      }
      return { ...opened, goOn: () => process.kill(server.pid, 'SIGCONT'), close }
    }

    test('count nowhere once the server is back', async () => {
      const { node, other, goOn, close } = await openLost()
      goOn()
      expect(await node.tries.enter(card)).toBe(1)
      expect(await other.tries.enter(card)).toBe(2)
      await close()
    })

    test('count nowhere either where it was away for longer, as soon as it is asked something', async () => {
      const { node, other, goOn, close } = await openLost()
      await expect(node.tries.enter(another)).rejects.toThrow(UnavailableError)
      goOn()
      await node.tries.enter(another)
      await node.check()
      expect(await other.tries.enter(card)).toBe(1)
      await close()
    })

    test('count nowhere either where it is asked nothing', async () => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
      const { node, other, goOn, close } = await openLost()
      await expect(node.tries.enter(another)).rejects.toThrow(UnavailableError)
      goOn()
      await node.check()
      expect(await other.tries.enter(card)).toBe(2)
      await other.tries.leave(card)
      vi.advanceTimersByTime(10_000)
      await node.check()
      expect(await other.tries.enter(card)).toBe(1)
      await close()
    })
  })
})
