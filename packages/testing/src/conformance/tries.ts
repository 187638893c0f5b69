import { UnavailableError } from '@cardkeep/core/errors'
import { issuedCardIdOf } from '@cardkeep/core/issuing/issued-card'
import type { IssuedCardId } from '@cardkeep/core/kernel/ids'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { PendingTries } from '@cardkeep/core/ports'
import { describe, expect, test } from 'vitest'

/** What a test of the suite is given to work on: nothing is under way, and nodes share it, or there is one. */
export type MakeTries = () => Promise<{ readonly tries: PendingTries; readonly another: PendingTries }>

const cardAt = (place: number): IssuedCardId => issuedCardIdOf(epochMs(Date.UTC(2026, 10, 3, 12)), place)

/** Whatever counts tries that are under way does this. */
export const pendingTriesConformance = (name: string, make: MakeTries): void => {
  const card = cardAt(1)

  describe(`${name}: a try of a card`, () => {
    test('that is the only one is told that there is one', async () => {
      const { tries } = await make()
      expect(await tries.enter(card)).toBe(1)
    })

    test('counts with all that are under way, on whichever node', async () => {
      const { tries, another } = await make()
      expect([await tries.enter(card), await another.enter(card), await tries.enter(card)]).toEqual([1, 2, 3])
      await another.leave(card)
      expect(await tries.enter(card)).toBe(3)
    })

    test('counts no more when it left, and leaving takes none but its own with it', async () => {
      const { tries, another } = await make()
      await tries.enter(card)
      await tries.enter(card)
      await another.enter(card)
      await tries.leave(card)
      await tries.leave(card)
      expect(await another.enter(card)).toBe(2)
    })

    test('that left before makes none that comes later count less', async () => {
      const { tries, another } = await make()
      await tries.enter(card)
      await tries.leave(card)
      await tries.leave(card)
      await another.leave(card)
      expect([await another.enter(card), await tries.enter(card)]).toEqual([1, 2])
    })

    test('does not count for another card, also one that was made in the same millisecond', async () => {
      const { tries, another } = await make()
      await tries.enter(card)
      expect(await another.enter(cardAt(2))).toBe(1)
      await another.leave(cardAt(2))
      expect(await tries.enter(card)).toBe(2)
    })

    test('of a thousand that come at once is one of a thousand, and each is told another number', async () => {
      const { tries, another } = await make()
      const counts = await Promise.all(
        Array.from({ length: 1_000 }, (_, at) => (at % 2 ? tries : another).enter(card)),
      )
      expect(counts.toSorted((a, b) => a - b)).toEqual(counts.map((_, at) => at + 1))
      await Promise.all(counts.map((_, at) => (at % 2 ? tries : another).leave(card)))
      expect(await tries.enter(card)).toBe(1)
    })
  })
  describe(`${name}: a try that could not be counted`, () => {
    const tell = (told: string[], what: string) => async () => void told.push(what)

    test('is owed for its card until it is counted, each once and the oldest first', async () => {
      const { tries } = await make()
      const told: string[] = []
      tries.owe(card, tell(told, 'first'))
      tries.owe(cardAt(2), tell(told, 'second'))
      tries.owe(card, tell(told, 'third'))
      expect([tries.owed(card), tries.owed(cardAt(2)), tries.owed(cardAt(3))]).toEqual([2, 1, 0])
      expect([await tries.countOwed(card), await tries.countOwed(card)]).toEqual([2, 0])
      expect(told).toEqual(['first', 'third'])
      expect([tries.owed(card), tries.owed(cardAt(2))]).toEqual([0, 1])
      tries.owe(card, tell(told, 'fourth'))
      expect(await tries.countOwed(card)).toBe(1)
      expect(told).toEqual(['first', 'third', 'fourth'])
    })

    test('is still owed where it cannot be counted, and those behind it are', async () => {
      const { tries } = await make()
      const told: string[] = []
      let isOutage = true
      tries.owe(card, async () => {
        if (isOutage) throw new UnavailableError('disk full')
        told.push('first')
      })
      tries.owe(card, tell(told, 'second'))
      await expect(tries.countOwed(card)).rejects.toThrow('disk full')
      expect([told, tries.owed(card)]).toEqual([[], 2])
      isOutage = false
      expect(await tries.countOwed(card)).toBe(2)
      expect([told.toSorted(), tries.owed(card)]).toEqual([['first', 'second'], 0])
    })

    test('is owed until it has been counted, however long that takes, and nobody else counts it', async () => {
      const { tries } = await make()
      const told: string[] = []
      const written = Promise.withResolvers<void>()
      tries.owe(card, async () => {
        told.push('first')
        await written.promise
      })
      const counting = tries.countOwed(card)
      expect([await tries.countOwed(card), tries.owed(card), told]).toEqual([0, 1, ['first']])
      written.resolve()
      expect([await counting, tries.owed(card), told]).toEqual([1, 0, ['first']])
    })

    test('is none that is under way', async () => {
      const { tries } = await make()
      await tries.enter(card)
      tries.owe(card, async () => {})
      await tries.leave(card)
      expect(await tries.enter(card)).toBe(1)
      expect(tries.owed(card)).toBe(1)
    })

    test('stands in the way of all cards where ten thousand are owed, until one has been counted', async () => {
      const { tries } = await make()
      const written = Promise.withResolvers<void>()
      for (let at = 1; at < 9_999; at++) tries.owe(cardAt(at), async () => {})
      tries.owe(cardAt(0), () => written.promise)
      expect(tries.mustCountFirst()).toBeUndefined()
      tries.owe(cardAt(20_000), async () => {})
      expect(tries.mustCountFirst()).toBe(cardAt(1))
      const counting = tries.countOwed(cardAt(0))
      expect(tries.mustCountFirst()).toBe(cardAt(1))
      written.resolve()
      await counting
      expect(tries.mustCountFirst()).toBeUndefined()
    })

    test('that is being counted is not named while there are others to count', async () => {
      const { tries } = await make()
      const written = Promise.withResolvers<void>()
      tries.owe(card, () => written.promise)
      for (let at = 1; at < 10_000; at++) tries.owe(cardAt(2), async () => {})
      expect(tries.mustCountFirst()).toBe(card)
      const counting = tries.countOwed(card)
      expect(tries.mustCountFirst()).toBe(cardAt(2))
      written.resolve()
      await counting
    })

    test('is named also where all are being counted', async () => {
      const { tries } = await make()
      const written = Promise.withResolvers<void>()
      for (let at = 0; at < 10_000; at++) tries.owe(cardAt(at), () => written.promise)
      const counting = Array.from({ length: 10_000 }, (_, at) => tries.countOwed(cardAt(at)))
      expect(tries.mustCountFirst()).toBe(cardAt(0))
      written.resolve()
      await Promise.all(counting)
      expect(tries.mustCountFirst()).toBeUndefined()
    })
  })
}
