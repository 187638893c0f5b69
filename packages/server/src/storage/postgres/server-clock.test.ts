import { createFixedClock } from '@cardkeep/testing/clock'
import { expect, test } from 'vitest'
import { createServerClock } from './server-clock.ts'

const fiveMinutesMs = 300_000

test('a clock that has not heard of the server says what its own says', () => {
  const own = createFixedClock()
  const clock = createServerClock(own)
  own.advance(1_234)
  expect(clock.now()).toBe(own.now())
  expect(clock.monotonic()).toBe(own.monotonic())
})

test.each([fiveMinutesMs, -fiveMinutesMs])('a clock that is wrong by %i ms goes by the server', (wrongMs) => {
  const [server, own] = [createFixedClock(), createFixedClock()]
  own.step(wrongMs)
  const clock = createServerClock(own)
  expect(clock.now() - server.now()).toBe(wrongMs)
  clock.hearTime(server.now(), own.monotonic())
  expect(Math.abs(clock.now() - server.now())).toBeLessThanOrEqual(1)
  server.advance(60_000)
  own.advance(60_000)
  expect(Math.abs(clock.now() - server.now())).toBeLessThanOrEqual(1)
})

test('an answer that took long proves little, and moves it no further than that', () => {
  const [server, own] = [createFixedClock(), createFixedClock()]
  own.step(fiveMinutesMs)
  const clock = createServerClock(own)
  const hear = (thereMs: number, backMs: number) => {
    const askedAt = own.monotonic()
    for (const one of [server, own]) one.advance(thereMs)
    const said = server.now()
    for (const one of [server, own]) one.advance(backMs)
    clock.hearTime(said, askedAt)
  }
  // It cannot know that the whole second was on the way there.
  hear(1_000, 0)
  expect(clock.now() - server.now()).toBe(1_001)
  hear(0, 4_000)
  expect(clock.now() - server.now()).toBe(1)
  hear(500, 500)
  expect(clock.now() - server.now()).toBe(1)
})

test('what somebody sets on the machine of the node meanwhile is of no account', () => {
  const own = createFixedClock()
  const clock = createServerClock(own)
  const before = clock.now()
  own.step(fiveMinutesMs)
  expect(clock.now()).toBe(before)
})

test('a server whose clock is set is followed, also back', () => {
  const [server, own] = [createFixedClock(), createFixedClock()]
  const clock = createServerClock(own)
  for (const byMs of [fiveMinutesMs, -fiveMinutesMs]) {
    server.step(byMs)
    clock.hearTime(server.now(), own.monotonic())
    expect(Math.abs(clock.now() - server.now())).toBeLessThanOrEqual(1)
  }
})
