import { minuteMs } from '@cardkeep/core/kernel/time'
import { createFixedClock } from '@cardkeep/testing/clock'
import { describe, expect, test } from 'vitest'
import { createLockouts, type Lockouts } from './lockouts.ts'

const open = () => {
  const clock = createFixedClock()
  return { clock, lockouts: createLockouts(clock) }
}

const failTimes = (lockouts: Lockouts, pair: string, times: number): readonly boolean[] =>
  Array.from({ length: times }, () => lockouts.fail(pair))

const pair = 'key 192.0.2.1'

test('nine failures lock nothing, the tenth locks for thirty minutes', () => {
  const { lockouts } = open()
  expect(failTimes(lockouts, pair, 9)).not.toContain(true)
  expect(lockouts.remainingSeconds(pair)).toBeUndefined()
  expect(lockouts.fail(pair)).toBe(true)
  expect(lockouts.remainingSeconds(pair)).toBe(30 * 60)
})

test('a lock ends by itself, to the millisecond, and the count begins anew', () => {
  const { lockouts, clock } = open()
  failTimes(lockouts, pair, 10)
  clock.advance(30 * minuteMs - 1)
  expect(lockouts.remainingSeconds(pair)).toBe(1)
  clock.advance(1)
  expect(lockouts.remainingSeconds(pair)).toBeUndefined()
  expect(failTimes(lockouts, pair, 9)).not.toContain(true)
  expect(lockouts.remainingSeconds(pair)).toBeUndefined()
})

test('seconds are rounded up, so that a caller who waits them out is not refused again', () => {
  const { lockouts, clock } = open()
  failTimes(lockouts, pair, 10)
  clock.advance(500)
  expect(lockouts.remainingSeconds(pair)).toBe(30 * 60)
  clock.advance(500)
  expect(lockouts.remainingSeconds(pair)).toBe(30 * 60 - 1)
})

test('only one failure locks, though others may follow it', () => {
  const { lockouts } = open()
  expect(failTimes(lockouts, pair, 15).filter((locks) => locks)).toHaveLength(1)
})

test('failures that lie thirty minutes back are forgotten', () => {
  const { lockouts, clock } = open()
  failTimes(lockouts, pair, 9)
  clock.advance(30 * minuteMs)
  expect(failTimes(lockouts, pair, 9)).not.toContain(true)
})

test('each failure is remembered for thirty minutes anew', () => {
  const { lockouts, clock } = open()
  for (let failure = 0; failure < 9; failure++) {
    lockouts.fail(pair)
    clock.advance(29 * minuteMs)
  }
  expect(lockouts.fail(pair)).toBe(true)
})

test('a success forgets the failures before it', () => {
  const { lockouts } = open()
  failTimes(lockouts, pair, 9)
  lockouts.succeed(pair)
  expect(failTimes(lockouts, pair, 9)).not.toContain(true)
  expect(lockouts.fail(pair)).toBe(true)
})

test.each(['key 192.0.2.2', 'other 192.0.2.1'])('the pair %s is another', (other) => {
  const { lockouts } = open()
  failTimes(lockouts, pair, 10)
  expect(lockouts.remainingSeconds(other)).toBeUndefined()
  failTimes(lockouts, other, 9)
  lockouts.succeed(other)
  expect(lockouts.remainingSeconds(pair)).toBe(30 * 60)
})

test.each([24 * 60 * minuteMs, -24 * 60 * minuteMs])(
  'setting the wall clock by %i ms opens no lock',
  (ms) => {
    const { lockouts, clock } = open()
    failTimes(lockouts, pair, 10)
    clock.step(ms)
    expect(lockouts.remainingSeconds(pair)).toBe(30 * 60)
  },
)

describe('of very many pairs', () => {
  const remembered = 100_000

  test('the one that failed longest ago is forgotten first, and only as many as there is no room for', () => {
    const { lockouts } = open()
    for (const name of ['first', 'second', 'third']) failTimes(lockouts, name, 9)
    // Fails again, and so is no longer the oldest.
    lockouts.fail('first')
    for (let other = 0; other < remembered - 2; other++) lockouts.fail(`other ${other}`)
    expect(lockouts.remainingSeconds('first')).toBe(30 * 60)
    expect(lockouts.fail('third')).toBe(true)
    expect(lockouts.fail('second')).toBe(false)
  })

  test('memory stays bounded', () => {
    const { lockouts } = open()
    failTimes(lockouts, 'first', 10)
    for (let other = 0; other < remembered; other++) lockouts.fail(`other ${other}`)
    expect(lockouts.remainingSeconds('first')).toBeUndefined()
    expect(failTimes(lockouts, `other ${remembered - 1}`, 9)).toContain(true)
  })
})
