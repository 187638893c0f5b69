import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { IssuedCardId } from '../kernel/ids.ts'
import { dayMs, epochMs, hourMs, minuteMs } from '../kernel/time.ts'
import {
  afterReset,
  afterWrongTry,
  type CvvTries,
  judgeTry,
  noTries,
  wrongAllowed,
  wrongAllowedADay,
} from './cvv-tries.ts'

const begin = epochMs(Date.parse('2026-03-01T08:00:00Z'))
const none = noTries(4_711 as IssuedCardId)

/** So many wrong ones of one CVV after the other. */
const wrong = (count: number, { from = none, serial = 0, at = begin } = {}): CvvTries => {
  let tries = from
  for (let each = 0; each < count; each++) tries = afterWrongTry(tries, serial, at)
  return tries
}

test('five wrong ones lock a CVV, and the next CVV of the card is free of them', () => {
  expect(judgeTry(wrong(wrongAllowed - 1), 0, 1, begin)).toBe('try')
  expect(judgeTry(wrong(wrongAllowed), 0, 1, begin)).toBe('locked')
  expect(judgeTry(wrong(wrongAllowed), 1, 1, begin)).toBe('try')
  expect(wrong(1, { from: wrong(wrongAllowed), serial: 1 })).toMatchObject({ serial: 1, wrong: 1 })
})

test('it stays locked as long as it is that CVV', () => {
  expect(judgeTry(wrong(wrongAllowed), 0, 1, epochMs(begin + 400 * dayMs))).toBe('locked')
})

describe('ten wrong ones in a day', () => {
  const nine = wrong(4, { from: wrong(5), serial: 1 })
  const ten = wrong(5, { from: wrong(5), serial: 1 })

  test('lock the card across rotations', () => {
    expect(judgeTry(nine, 2, 1, begin)).toBe('try')
    expect(judgeTry(ten, 2, 1, begin)).toBe('locked')
    expect(ten.lockedAt).toBe(begin)
  })

  test('lock it for good: the day may end', () => {
    expect(judgeTry(ten, 2, 1, epochMs(begin + 10 * dayMs))).toBe('locked')
  })

  test('are counted over any 24 hours, not over a date', () => {
    const eight = wrong(4, { from: wrong(4), serial: 1, at: epochMs(begin + 20 * hourMs) })
    const nextDay = epochMs(begin + dayMs)
    expect(judgeTry(wrong(2, { from: eight, serial: 2, at: epochMs(nextDay - 1) }), 3, 1, nextDay)).toBe(
      'locked',
    )
    const later = wrong(2, { from: eight, serial: 2, at: nextDay })
    expect(later.recent).toHaveLength(6)
    expect(judgeTry(later, 3, 1, nextDay)).toBe('try')
  })

  test('are not forgiven by a clock that is set back', () => {
    expect(judgeTry(nine, 2, 2, epochMs(begin - hourMs))).toBe('wait')
    expect(wrong(1, { from: nine, serial: 2, at: epochMs(begin - hourMs) }).lockedAt).toBe(begin - hourMs)
  })
})

test('those under way count as wrong until they are known not to be', () => {
  expect([1, 2, 3, 4, 5, 6].map((pending) => judgeTry(none, 0, pending, begin))).toEqual([
    ...['try', 'try', 'try', 'try', 'try', 'wait'],
  ])
  expect(judgeTry(wrong(3), 0, 2, begin)).toBe('try')
  expect(judgeTry(wrong(3), 0, 3, begin)).toBe('wait')
  expect(judgeTry(wrong(4, { from: wrong(4), serial: 1 }), 2, 3, begin)).toBe('wait')
})

test('one that is counted after the CVV rotated is none of the new CVV, but one of the day', () => {
  const tries = wrong(1, { from: wrong(3, { serial: 5 }), serial: 4 })
  expect(tries).toMatchObject({ serial: 5, wrong: 3 })
  expect(tries.recent).toHaveLength(4)
})

test('a reset forgets all and goes on counting versions', () => {
  const locked = wrong(5, { from: wrong(5), serial: 1 })
  expect(afterReset(locked)).toEqual({ ...none, version: locked.version + 1 })
  expect(judgeTry(afterReset(locked), 1, 1, begin)).toBe('try')
})

test('however tries and rotations follow each other, none is looked at beyond the limits', () => {
  const moves = fc.array(
    fc.record({
      rotates: fc.boolean(),
      afterMs: fc.oneof(fc.integer({ min: 0, max: minuteMs }), fc.integer({ min: 0, max: dayMs })),
    }),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(moves, (steps) => {
      let tries = none
      let serial = 0
      let at = begin
      const looked: { readonly serial: number; readonly at: number }[] = []
      for (const { rotates, afterMs } of steps) {
        at = epochMs(at + afterMs)
        if (rotates) serial++
        if (judgeTry(tries, serial, 1, at) !== 'try') continue
        looked.push({ serial, at })
        tries = afterWrongTry(tries, serial, at)
      }
      for (const { serial: of, at: end } of looked) {
        expect(looked.filter((one) => one.serial === of).length).toBeLessThanOrEqual(wrongAllowed)
        const inADay = looked.filter((one) => one.at <= end && one.at > end - dayMs)
        expect(inADay.length).toBeLessThanOrEqual(wrongAllowedADay)
      }
    }),
  )
})
