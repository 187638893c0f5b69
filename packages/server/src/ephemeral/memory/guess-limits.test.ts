import { guessLimits } from '@cardkeep/core/codes/guesses'
import { createFixedClock } from '@cardkeep/testing/clock'
import { guessLimitsConformance } from '@cardkeep/testing/conformance/guesses'
import { expect, test } from 'vitest'
import { createGuessLimits, type MemoryGuessLimits } from './guess-limits.ts'

guessLimitsConformance('guesses in memory', async (clock) => createGuessLimits(clock))

const remembered = 20_000

const failTimes = async (guesses: MemoryGuessLimits, mark: string, times: number): Promise<void> => {
  for (let time = 0; time < times; time++) await guesses.failed([mark])
}

test('a mark of no kind is a bug', async () => {
  const guesses = createGuessLimits(createFixedClock())
  await expect(guesses.failed(['tenant-1 a'])).rejects.toThrow('a mark of no kind')
  await expect(guesses.waitSeconds(['sessions tenant-1 a'])).rejects.toThrow('a mark of no kind')
})

test('a sweep forgets a mark once all of its failures are forgotten, and not before', async () => {
  const clock = createFixedClock()
  const guesses = createGuessLimits(clock)
  await failTimes(guesses, 'token t a', 2)
  await failTimes(guesses, 'session t a', 1)
  clock.advance(2 * guessLimits.token.everyMs - 1)
  expect(guesses.sweep()).toBe(2)
  clock.advance(1)
  expect(guesses.sweep()).toBe(1)
  clock.advance(guessLimits.session.everyMs)
  expect(guesses.sweep()).toBe(0)
})

test('a sweep opens nothing that must wait', async () => {
  const clock = createFixedClock()
  const guesses = createGuessLimits(clock)
  await failTimes(guesses, 'session t a', guessLimits.session.atOnce)
  guesses.sweep()
  expect(await guesses.waitSeconds(['session t a'])).toBe(guessLimits.session.everyMs / 1000)
})

test('of too many marks of one kind the one that failed longest ago is forgotten', async () => {
  const guesses = createGuessLimits(createFixedClock())
  const { atOnce } = guessLimits.session
  for (const name of ['first', 'second', 'third']) await failTimes(guesses, `session t ${name}`, atOnce)
  // Fails again, and so is no longer the oldest.
  await guesses.failed(['session t first'])
  for (let other = 0; other < remembered - 2; other++) await guesses.failed([`session t ${other}`])
  expect(guesses.sweep()).toBe(remembered)
  const waits = await Promise.all(
    ['first', 'second', 'third'].map((name) => guesses.waitSeconds([`session t ${name}`])),
  )
  expect(waits.map((wait) => wait !== undefined)).toEqual([true, false, true])
})

test('however many sessions fail, the address they came from is not forgotten', async () => {
  const guesses = createGuessLimits(createFixedClock())
  await failTimes(guesses, 'address t a', guessLimits.address.atOnce)
  for (let other = 0; other <= remembered; other++) await guesses.failed([`session t ${other}`])
  expect(await guesses.waitSeconds(['address t a'])).toBe(1)
})
