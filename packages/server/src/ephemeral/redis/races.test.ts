import { createFixedClock } from '@cardkeep/testing/clock'
import { drawPrefix, openOnRedis } from '@cardkeep/testing/servers/redis-ephemeral'
import { describeOnRedis } from '@cardkeep/testing/servers/shared'
import { expect, test } from 'vitest'
import { nameBytes, type SealedCode } from '../backend.ts'

const nameAt = (at: number): Buffer => {
  const name = Buffer.alloc(nameBytes)
  name.writeUInt32BE(at)
  return name
}

const codeAt = (at: number, uses = 1): SealedCode => ({
  name: nameAt(at),
  tokenName: nameAt(0xffff),
  owner: 'shop',
  sealed: Buffer.alloc(38, at),
  ttlMs: 60_000,
  uses,
  destinations: undefined,
})

const taker = { tokenName: nameAt(0xffff), destination: nameAt(0) }

describeOnRedis('three nodes at one server', (server) => {
  const open = async () => {
    const wish = { url: server.url(), clock: createFixedClock(), prefix: drawPrefix() }
    const nodes = [await openOnRedis(wish), await openOnRedis(wish), await openOnRedis(wish)] as const
    return { nodes, close: () => Promise.all(nodes.map((node) => node.close())) }
  }

  test('that take one code fifty at a time have exactly one winner, a thousand times', async () => {
    const { nodes, close } = await open()
    const winners: number[] = []
    for (let round = 0; round < 1_000; round++) {
      await nodes[round % 2 === 0 ? 0 : 1].codes.hold(codeAt(round))
      const takes = Array.from({ length: 50 }, (_, at) =>
        nodes[at % 2 === 0 ? 0 : at % 3 === 0 ? 1 : 2].codes.take(nameAt(round), taker),
      )
      winners.push((await Promise.all(takes)).filter((taken) => taken !== undefined).length)
    }
    expect(winners).toEqual(Array(1_000).fill(1))
    await close()
  })

  test('that take, give back and drop at once never hand out more uses than there are', async () => {
    const { nodes, close } = await open()
    for (let round = 0; round < 50; round++) {
      const uses = 1 + (round % 3)
      await nodes[0].codes.hold(codeAt(round, uses))
      // Each use that comes back may be taken once more.
      const outcomes = await Promise.all(
        Array.from({ length: 30 }, async (_, at) => {
          const { codes } = nodes[at % 2 === 0 ? 1 : 2]
          const taken = await codes.take(nameAt(round), taker)
          if (!taken) return { taken: 0, back: 0 }
          return { taken: 1, back: at % 3 === 0 && (await codes.giveBack(taken.receipt)) ? 1 : 0 }
        }),
      )
      const taken = outcomes.reduce((sum, outcome) => sum + outcome.taken - outcome.back, 0)
      await nodes[2].codes.drop(nameAt(round))
      expect(taken).toBeLessThanOrEqual(uses)
      expect(await nodes[1].codes.take(nameAt(round), taker)).toBeUndefined()
    }
    await close()
  })

  test('that take and undo a hold at once either leave it whole to who undoes it, or have it', async () => {
    const { nodes, close } = await open()
    const [holder, one, two] = nodes
    for (let round = 0; round < 200; round++) {
      const uses = 1 + (round % 3)
      const held = await holder.codes.hold(codeAt(round, uses))
      const takes = Array.from({ length: round % 5 }, (_, at) =>
        (at % 2 === 0 ? one : two).codes.take(nameAt(round), taker),
      )
      const another = round % 4 === 0 ? two.codes.hold(codeAt(round, 7)) : undefined
      const [undone, ...taken] = await Promise.all([holder.codes.undoHold(held), ...takes])
      if (await another) {
        // Whether it came before or after, it is not what was undone.
        await one.codes.take(nameAt(round), taker)
        expect(await one.codes.drop(nameAt(round))).toBe(true)
      } else expect(undone).toBe(taken.every((code) => code === undefined))
      expect(await two.codes.take(nameAt(round), taker)).toBeUndefined()
    }
    expect(await holder.count()).toBe(0)
    await close()
  })

  test('of which one drops a token leave none of its codes to the others, and none comes back', async () => {
    const { nodes, close } = await open()
    for (let at = 0; at < 100; at++) await nodes[at % 2 === 0 ? 0 : 1].codes.hold(codeAt(at))
    const taken = await Promise.all(
      Array.from({ length: 50 }, (_, at) => nodes[at % 2 === 0 ? 1 : 2].codes.take(nameAt(at), taker)),
    )
    expect(await nodes[0].codes.dropToken(taker.tokenName, undefined)).toBe(true)
    const back = await Promise.all(taken.map((one) => nodes[1].codes.giveBack(one?.receipt)))
    expect(back).not.toContain(true)
    for (let at = 0; at < 100; at++) expect(await nodes[2].codes.take(nameAt(at), taker)).toBeUndefined()
    expect([await nodes[1].count(), await nodes[2].codes.dropToken(taker.tokenName, undefined)]).toEqual([
      0,
      false,
    ])
    await close()
  })

  test('of which one drops all leave nothing of before, and what is held meanwhile stays', async () => {
    const { nodes, close } = await open()
    const [dropper, holder, taker3] = nodes
    await Promise.all(Array.from({ length: 1_000 }, (_, at) => holder.codes.hold(codeAt(at))))
    const dropping = dropper.codes.dropAll()
    // On the same connection, so that they come behind the drop and before its search for what is left.
    const held = await Promise.all(
      Array.from({ length: 100 }, (_, at) => dropper.codes.hold(codeAt(5_000 + at))),
    )
    expect(held).not.toContain(undefined)
    for (const at of [0, 500, 999]) expect(await taker3.codes.take(nameAt(at), taker)).toBeUndefined()
    await dropping
    const taken = await Promise.all(
      Array.from({ length: 100 }, (_, at) => taker3.codes.take(nameAt(5_000 + at), taker)),
    )
    expect(taken).not.toContain(undefined)
    expect(await holder.count()).toBe(0)
    await close()
  })
})
