import { createFixedClock } from '@cardkeep/testing/clock'
import { expect, test } from 'vitest'
import { createRefusalNotes } from './refusal-notes.ts'

const halfAnHourMs = 30 * 60_000

test('an address is noted a hundred times, then counted, and the count comes with its next note', () => {
  const clock = createFixedClock()
  const notes = createRefusalNotes(clock)
  const noted = Array.from({ length: 130 }, () => notes.admit('192.0.2.1').isNoted)
  expect(noted.filter(Boolean)).toHaveLength(100)
  expect(noted.slice(100)).not.toContain(true)
  clock.advance(halfAnHourMs)
  expect(notes.admit('192.0.2.1')).toEqual({ isNoted: true, leftOut: 30 })
  expect(notes.admit('192.0.2.1')).toEqual({ isNoted: true, leftOut: 0 })
})

test('one address does not silence another', () => {
  const notes = createRefusalNotes(createFixedClock())
  for (let at = 0; at < 200; at++) notes.admit('192.0.2.1')
  expect(notes.admit('192.0.2.2').isNoted).toBe(true)
})

test('the addresses behind one network of IPv6 count as one', () => {
  const notes = createRefusalNotes(createFixedClock())
  const noted = Array.from(
    { length: 130 },
    (_, at) => notes.admit(`2001:db8:0:1::${at.toString(16)}`).isNoted,
  )
  expect(noted.filter(Boolean)).toHaveLength(100)
  expect(notes.admit('2001:db8:0:2::1').isNoted).toBe(true)
})

test.each([
  ['zeros left out', (host: string) => `2001:db8::${host}`],
  ['zeros written', (host: string) => `2001:DB8:0:0:${host}::`],
])('however the network is spelled: %s', (_, spell) => {
  const notes = createRefusalNotes(createFixedClock())
  const noted = Array.from({ length: 130 }, (_, at) => notes.admit(spell((at + 1).toString(16))).isNoted)
  expect(noted.filter(Boolean)).toHaveLength(100)
  expect(notes.admit('2001:db8:0:0:ffff::1').isNoted).toBe(false)
})
