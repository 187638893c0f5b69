import type { Lockouts } from '@cardkeep/core/ports'
import { createFixedClock } from '@cardkeep/testing/clock'
import { lockoutsConformance } from '@cardkeep/testing/conformance/lockouts'
import { expect, test } from 'vitest'
import { createLockouts } from './memory/lockouts.ts'
import { rememberClean } from './remember-clean.ts'

lockoutsConformance('lock-outs with a memory of who is clean', async (clock) =>
  rememberClean(createLockouts(clock), clock),
)

const pair = 'key 192.0.2.1'

/** Counts what goes to the shared server, on which another node counts too. */
const open = () => {
  const clock = createFixedClock()
  const shared = createLockouts(clock)
  let asked = 0
  const counted: Lockouts = {
    remainingSeconds: (given) => {
      asked++
      return shared.remainingSeconds(given)
    },
    fail: (given) => {
      asked++
      return shared.fail(given)
    },
    succeed: (given) => {
      asked++
      return shared.succeed(given)
    },
  }
  return { clock, shared, counted, lockouts: rememberClean(counted, clock), asked: () => asked }
}

/** What a call with a good credential does. */
const call = async (lockouts: Lockouts, caller = pair): Promise<number | undefined> => {
  const remaining = await lockouts.remainingSeconds(caller)
  if (remaining === undefined) await lockouts.succeed(caller)
  return remaining
}

test('of many calls with a good credential in a second only the first asks', async () => {
  const { lockouts, clock, asked } = open()
  for (let at = 0; at < 100; at++) {
    expect(await call(lockouts)).toBeUndefined()
    clock.advance(9)
  }
  expect(asked()).toBe(2)
  clock.advance(100)
  await call(lockouts)
  expect(asked()).toBe(4)
})

test('a lock by another node is heeded after a second at the latest', async () => {
  const { lockouts, shared, clock } = open()
  await call(lockouts)
  for (let failure = 0; failure < 10; failure++) await shared.fail(pair)
  clock.advance(999)
  expect(await call(lockouts)).toBeUndefined()
  clock.advance(1)
  expect(await call(lockouts)).toBe(30 * 60 - 1)
})

test('a failure here is counted there at once and ends what was remembered', async () => {
  const { lockouts, shared } = open()
  await call(lockouts)
  for (let failure = 0; failure < 9; failure++) await shared.fail(pair)
  expect(await lockouts.fail(pair)).toBe(true)
  expect(await call(lockouts)).toBe(30 * 60)
})

test('a failure that comes while a success is under way is not forgotten by it', async () => {
  const { counted, clock } = open()
  let arrive = () => {}
  const slow = rememberClean(
    {
      ...counted,
      succeed: async (given) => {
        const isForgotten = await counted.succeed(given)
        await new Promise<void>((resolve) => {
          arrive = resolve
        })
        return isForgotten
      },
    },
    clock,
  )
  const succeeding = slow.succeed(pair)
  await Promise.resolve()
  await Promise.resolve()
  for (let failure = 0; failure < 10; failure++) await slow.fail(pair)
  arrive()
  await succeeding
  expect(await slow.remainingSeconds(pair)).toBe(30 * 60)
})

test('what is remembered is bounded', async () => {
  const { lockouts, asked } = open()
  await call(lockouts)
  for (let other = 0; other < 10_000; other++) await call(lockouts, `other ${other}`)
  const before = asked()
  await call(lockouts, 'other 9999')
  expect(asked()).toBe(before)
  await call(lockouts)
  expect(asked()).toBe(before + 2)
})
