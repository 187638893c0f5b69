import { guessLimits } from '@cardkeep/core/codes/guesses'
import { UnavailableError } from '@cardkeep/core/errors'
import type { GuessLimits, Lockouts } from '@cardkeep/core/ports'
import { createFixedClock } from '@cardkeep/testing/clock'
import { guessLimitsConformance } from '@cardkeep/testing/conformance/guesses'
import { lockoutsConformance } from '@cardkeep/testing/conformance/lockouts'
import { expect, test } from 'vitest'
import { fallBackGuesses, fallBackLockouts } from './fall-back.ts'
import { createGuessLimits } from './memory/guess-limits.ts'
import { createLockouts } from './memory/lockouts.ts'

const awayGuesses: GuessLimits = {
  waitSeconds: async () => Promise.reject(new UnavailableError('away')),
  failed: async () => Promise.reject(new UnavailableError('away')),
}
const awayLockouts: Lockouts = {
  remainingSeconds: async () => Promise.reject(new UnavailableError('away')),
  fail: async () => Promise.reject(new UnavailableError('away')),
  succeed: async () => Promise.reject(new UnavailableError('away')),
}

guessLimitsConformance('guesses while the shared server is away', async (clock) =>
  fallBackGuesses(awayGuesses, createGuessLimits(clock)),
)
lockoutsConformance('lock-outs while the shared server is away', async (clock) =>
  fallBackLockouts(awayLockouts, createLockouts(clock)),
)

const pair = 'key 192.0.2.1'
const mark = 'session t a'

const open = () => {
  const clock = createFixedClock()
  const shared = { lockouts: createLockouts(clock), guesses: createGuessLimits(clock) }
  let isAway = false
  return {
    shared,
    lockouts: fallBackLockouts(
      {
        remainingSeconds: (given) => (isAway ? awayLockouts : shared.lockouts).remainingSeconds(given),
        fail: (given) => (isAway ? awayLockouts : shared.lockouts).fail(given),
        succeed: (given) => (isAway ? awayLockouts : shared.lockouts).succeed(given),
      },
      createLockouts(clock),
    ),
    guesses: fallBackGuesses(
      {
        waitSeconds: (given) => (isAway ? awayGuesses : shared.guesses).waitSeconds(given),
        failed: (given) => (isAway ? awayGuesses : shared.guesses).failed(given),
      },
      createGuessLimits(clock),
    ),
    set: (away: boolean) => {
      isAway = away
    },
  }
}

test('while the server is there it alone counts', async () => {
  const { lockouts, guesses, shared, set } = open()
  for (let failure = 0; failure < 10; failure++) await lockouts.fail(pair)
  for (let failure = 0; failure < guessLimits.session.atOnce; failure++) await guesses.failed([mark])
  expect(await shared.lockouts.remainingSeconds(pair)).toBe(30 * 60)
  expect(await shared.guesses.waitSeconds([mark])).toBe(guessLimits.session.everyMs / 1000)
  set(true)
  expect(await lockouts.remainingSeconds(pair)).toBeUndefined()
})

test('what was locked while it was away stays locked when it is back', async () => {
  const { lockouts, guesses, shared, set } = open()
  set(true)
  for (let failure = 0; failure < 10; failure++) await lockouts.fail(pair)
  for (let failure = 0; failure < guessLimits.session.atOnce; failure++) await guesses.failed([mark])
  set(false)
  expect(await shared.lockouts.remainingSeconds(pair)).toBeUndefined()
  expect(await lockouts.remainingSeconds(pair)).toBe(30 * 60)
  expect(await guesses.waitSeconds([mark])).toBe(guessLimits.session.everyMs / 1000)
})

test('what was locked before it went is not known until it is back', async () => {
  const { lockouts, set } = open()
  for (let failure = 0; failure < 10; failure++) await lockouts.fail(pair)
  set(true)
  expect(await lockouts.remainingSeconds(pair)).toBeUndefined()
  set(false)
  expect(await lockouts.remainingSeconds(pair)).toBe(30 * 60)
})

test('a success forgets failures of both places', async () => {
  const { lockouts, set } = open()
  for (let failure = 0; failure < 9; failure++) await lockouts.fail(pair)
  set(true)
  for (let failure = 0; failure < 9; failure++) await lockouts.fail(pair)
  set(false)
  await lockouts.succeed(pair)
  expect(await lockouts.fail(pair)).toBe(false)
  set(true)
  expect(await lockouts.fail(pair)).toBe(false)
})

test('a bug is no outage', async () => {
  const clock = createFixedClock()
  const broken = { ...awayLockouts, fail: async () => Promise.reject(new Error('a bug')) }
  await expect(fallBackLockouts(broken, createLockouts(clock)).fail(pair)).rejects.toThrow('a bug')
})
