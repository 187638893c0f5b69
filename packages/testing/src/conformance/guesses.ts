import { guessKinds, guessLimits } from '@cardkeep/core/codes/guesses'
import { dayMs } from '@cardkeep/core/kernel/time'
import type { Clock, GuessLimits } from '@cardkeep/core/ports'
import { describe, expect, test } from 'vitest'
import { createFixedClock } from '../clock.ts'

/** What a test of the suite is given to work on; nothing has failed yet. Time passes only on the clock that was handed in. */
export type MakeGuessLimits = (clock: Clock) => Promise<GuessLimits>

/** Every counter of guesses does this, whatever keeps its numbers. The limits stand in core/codes/guesses.ts. */
export const guessLimitsConformance = (name: string, make: MakeGuessLimits): void => {
  const open = async () => {
    const clock = createFixedClock()
    return { clock, guesses: await make(clock) }
  }

  const failTimes = async (guesses: GuessLimits, times: number, ...marks: string[]): Promise<void> => {
    for (let time = 0; time < times; time++) await guesses.failed(marks)
  }

  describe.each(guessKinds)(`${name}: a %s`, (kind) => {
    const { atOnce, everyMs } = guessLimits[kind]
    const mark = `${kind} tenant-1 a`
    const seconds = (ms: number): number => Math.ceil(ms / 1000)

    test('of which nothing failed need not wait', async () => {
      const { guesses } = await open()
      expect(await guesses.waitSeconds([mark])).toBeUndefined()
    })

    test('may fail as often as its limit says and waits from then on', async () => {
      const { guesses } = await open()
      await failTimes(guesses, atOnce - 1, mark)
      expect(await guesses.waitSeconds([mark])).toBeUndefined()
      await failTimes(guesses, 1, mark)
      expect(await guesses.waitSeconds([mark])).toBe(seconds(everyMs))
    })

    test('may be tried once more after its wait, to the millisecond, and then has to wait as long again', async () => {
      const { guesses, clock } = await open()
      await failTimes(guesses, atOnce, mark)
      for (let round = 0; round < 3; round++) {
        clock.advance(everyMs - 1)
        expect(await guesses.waitSeconds([mark])).toBe(1)
        clock.advance(1)
        expect(await guesses.waitSeconds([mark])).toBeUndefined()
        await failTimes(guesses, 1, mark)
        expect(await guesses.waitSeconds([mark])).toBe(seconds(everyMs))
      }
    })

    test('waits no longer for failures that come while it waits', async () => {
      const { guesses, clock } = await open()
      await failTimes(guesses, 3 * atOnce, mark)
      expect(await guesses.waitSeconds([mark])).toBe(seconds(everyMs))
      clock.advance(everyMs)
      expect(await guesses.waitSeconds([mark])).toBeUndefined()
    })

    test.each([1, 5])(
      'that rested %i times as long as it takes may fail as often as at first, and no more',
      async (rests) => {
        const { guesses, clock } = await open()
        await failTimes(guesses, atOnce, mark)
        clock.advance(rests * atOnce * everyMs)
        await failTimes(guesses, atOnce - 1, mark)
        expect(await guesses.waitSeconds([mark])).toBeUndefined()
        await failTimes(guesses, 1, mark)
        expect(await guesses.waitSeconds([mark])).toBe(seconds(everyMs))
      },
    )

    test('that fails no faster than its limit never waits', async () => {
      const { guesses, clock } = await open()
      for (let failure = 0; failure < 3 * atOnce; failure++) {
        await failTimes(guesses, 1, mark)
        clock.advance(everyMs)
        expect(await guesses.waitSeconds([mark])).toBeUndefined()
      }
    })

    test('is not counted when it is only asked about', async () => {
      const { guesses } = await open()
      await failTimes(guesses, atOnce - 1, mark)
      for (let question = 0; question < 2 * atOnce; question++) await guesses.waitSeconds([mark])
      expect(await guesses.waitSeconds([mark])).toBeUndefined()
    })

    test.each([
      ['another one', `${kind} tenant-1 b`],
      ['the same of another tenant', `${kind} tenant-2 a`],
    ])('does not make %s wait', async (_, other) => {
      const { guesses } = await open()
      await failTimes(guesses, atOnce, mark)
      expect(await guesses.waitSeconds([other])).toBeUndefined()
    })

    test('counts every failure of many at once', async () => {
      const { guesses } = await open()
      await Promise.all(Array.from({ length: atOnce }, () => guesses.failed([mark])))
      expect(await guesses.waitSeconds([mark])).toBe(seconds(everyMs))
    })

    test.each([dayMs, -dayMs])('waits as long when the wall clock is set by %i ms', async (stepMs) => {
      const { guesses, clock } = await open()
      await failTimes(guesses, atOnce, mark)
      clock.step(stepMs)
      expect(await guesses.waitSeconds([mark])).toBe(seconds(everyMs))
    })
  })

  describe(`${name}: several marks together`, () => {
    const [session, token, address] = ['session t s', 'token t t', 'address t a'] as const

    test('each count a failure', async () => {
      const { guesses } = await open()
      await failTimes(guesses, guessLimits.session.atOnce, session, token, address)
      await failTimes(guesses, guessLimits.token.atOnce - guessLimits.session.atOnce, token, address)
      await failTimes(guesses, guessLimits.address.atOnce - guessLimits.token.atOnce, address)
      for (const [mark, kind] of [
        [session, 'session'],
        [token, 'token'],
        [address, 'address'],
      ] as const)
        expect(await guesses.waitSeconds([mark])).toBe(Math.ceil(guessLimits[kind].everyMs / 1000))
    })

    test('wait for the one that must wait longest, in whatever order they are named', async () => {
      const { guesses } = await open()
      await failTimes(guesses, guessLimits.session.atOnce, session)
      await failTimes(guesses, guessLimits.token.atOnce, token)
      const longest = Math.ceil(guessLimits.session.everyMs / 1000)
      expect(await guesses.waitSeconds([address, token, session])).toBe(longest)
      expect(await guesses.waitSeconds([session, token, address])).toBe(longest)
      expect(await guesses.waitSeconds([token, address])).toBe(Math.ceil(guessLimits.token.everyMs / 1000))
    })

    test('of different kinds are never taken for each other', async () => {
      const { guesses } = await open()
      await failTimes(guesses, guessLimits.session.atOnce, 'session t same')
      expect(await guesses.waitSeconds(['token t same', 'address t same'])).toBeUndefined()
    })

    test('that are none ask for no wait', async () => {
      const { guesses } = await open()
      await guesses.failed([])
      expect(await guesses.waitSeconds([])).toBeUndefined()
    })
  })
}
