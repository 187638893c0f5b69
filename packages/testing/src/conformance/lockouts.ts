import { minuteMs } from '@cardkeep/core/kernel/time'
import type { Clock, Lockouts } from '@cardkeep/core/ports'
import { failuresAllowed, lockedForMs } from '@cardkeep/core/tenants/lockout'
import { describe, expect, test } from 'vitest'
import { createFixedClock } from '../clock.ts'

/** What a test of the suite is given to work on; nothing has failed yet. Time passes only on the clock that was handed in. */
export type MakeLockouts = (clock: Clock) => Promise<Lockouts>

/** Every counter of failed proofs does this, whatever keeps its numbers. The limits stand in core/tenants/lockout.ts. */
export const lockoutsConformance = (name: string, make: MakeLockouts): void => {
  const open = async () => {
    const clock = createFixedClock()
    return { clock, lockouts: await make(clock) }
  }

  const failTimes = async (lockouts: Lockouts, pair: string, times: number): Promise<readonly boolean[]> => {
    const locks: boolean[] = []
    for (let time = 0; time < times; time++) locks.push(await lockouts.fail(pair))
    return locks
  }

  const pair = 'key 192.0.2.1'
  const wholeSeconds = lockedForMs / 1000

  describe(`${name}: a pair of credential and address`, () => {
    test('of which nothing failed is not locked', async () => {
      const { lockouts } = await open()
      expect(await lockouts.remainingSeconds(pair)).toBeUndefined()
    })

    test('is locked by its tenth failure for thirty minutes, and by none before', async () => {
      const { lockouts } = await open()
      expect(failuresAllowed).toBe(10)
      expect(wholeSeconds).toBe(30 * 60)
      expect(await failTimes(lockouts, pair, 9)).not.toContain(true)
      expect(await lockouts.remainingSeconds(pair)).toBeUndefined()
      expect(await lockouts.fail(pair)).toBe(true)
      expect(await lockouts.remainingSeconds(pair)).toBe(wholeSeconds)
    })

    test('is locked to the last millisecond, and its count begins anew', async () => {
      const { lockouts, clock } = await open()
      await failTimes(lockouts, pair, 10)
      clock.advance(lockedForMs - 1)
      expect(await lockouts.remainingSeconds(pair)).toBe(1)
      clock.advance(1)
      expect(await lockouts.remainingSeconds(pair)).toBeUndefined()
      expect(await failTimes(lockouts, pair, 9)).not.toContain(true)
      expect(await lockouts.remainingSeconds(pair)).toBeUndefined()
    })

    test('is told to wait for whole seconds, so that who waits them out is not refused again', async () => {
      const { lockouts, clock } = await open()
      await failTimes(lockouts, pair, 10)
      clock.advance(500)
      expect(await lockouts.remainingSeconds(pair)).toBe(wholeSeconds)
      clock.advance(500)
      expect(await lockouts.remainingSeconds(pair)).toBe(wholeSeconds - 1)
    })

    test('is locked by one failure only, though others may follow it', async () => {
      const { lockouts } = await open()
      expect((await failTimes(lockouts, pair, 15)).filter((locks) => locks)).toHaveLength(1)
    })

    test('is locked by exactly one of many failures at once', async () => {
      const { lockouts } = await open()
      const locks = await Promise.all(Array.from({ length: 50 }, () => lockouts.fail(pair)))
      expect(locks.filter((locked) => locked)).toHaveLength(1)
    })

    test('of which the failures lie thirty minutes back may fail as often again', async () => {
      const { lockouts, clock } = await open()
      await failTimes(lockouts, pair, 9)
      clock.advance(lockedForMs)
      expect(await failTimes(lockouts, pair, 9)).not.toContain(true)
    })

    test('is remembered for thirty minutes anew by each failure', async () => {
      const { lockouts, clock } = await open()
      for (let failure = 0; failure < 9; failure++) {
        await lockouts.fail(pair)
        clock.advance(lockedForMs - minuteMs)
      }
      expect(await lockouts.fail(pair)).toBe(true)
    })

    test('is forgotten by a success', async () => {
      const { lockouts } = await open()
      await failTimes(lockouts, pair, 9)
      expect(await lockouts.succeed(pair)).toBe(true)
      expect(await failTimes(lockouts, pair, 9)).not.toContain(true)
      expect(await lockouts.fail(pair)).toBe(true)
    })

    test('that is locked by now is not forgotten by a success, until its time is over', async () => {
      const { lockouts, clock } = await open()
      await failTimes(lockouts, pair, 10)
      expect(await lockouts.succeed(pair)).toBe(false)
      expect(await lockouts.remainingSeconds(pair)).toBe(wholeSeconds)
      clock.advance(lockedForMs)
      expect(await lockouts.succeed(pair)).toBe(true)
      expect(await lockouts.remainingSeconds(pair)).toBeUndefined()
    })

    test('that fails right after a success is counted from one', async () => {
      const { lockouts } = await open()
      for (let success = 0; success < 3; success++) await lockouts.succeed(pair)
      expect(await failTimes(lockouts, pair, 10)).toEqual([...Array<boolean>(9).fill(false), true])
      expect(await lockouts.remainingSeconds(pair)).toBe(wholeSeconds)
    })

    test.each(['key 192.0.2.2', 'other 192.0.2.1'])('is another than %s', async (other) => {
      const { lockouts } = await open()
      await failTimes(lockouts, pair, 10)
      expect(await lockouts.remainingSeconds(other)).toBeUndefined()
      await failTimes(lockouts, other, 9)
      await lockouts.succeed(other)
      expect(await lockouts.remainingSeconds(pair)).toBe(wholeSeconds)
    })

    test.each([24 * 60 * minuteMs, -24 * 60 * minuteMs])(
      'is locked as long when the wall clock is set by %i ms',
      async (stepMs) => {
        const { lockouts, clock } = await open()
        await failTimes(lockouts, pair, 10)
        clock.step(stepMs)
        expect(await lockouts.remainingSeconds(pair)).toBe(wholeSeconds)
      },
    )
  })
}
