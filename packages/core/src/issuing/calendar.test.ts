import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TenantId } from '../kernel/ids.ts'
import { epochMs, hourMs, minuteMs } from '../kernel/time.ts'
import type { RotationsAhead } from '../ports.ts'
import { hourOf, planCalendar } from './calendar.ts'

const threePm = Date.UTC(2026, 0, 1, 15)
const due = (hour: number, intervalHours: number, cards = 1): RotationsAhead => ({
  tenantId: '00000000-0000-4000-8000-000000000001' as TenantId,
  intervalMs: intervalHours * hourMs,
  isOverdue: false,
  at: epochMs(threePm + hour * hourMs),
  cards,
})
const cardsOf = (ahead: readonly RotationsAhead[], hours: number): readonly number[] =>
  planCalendar(ahead, { at: epochMs(threePm + 20 * minuteMs), hours }).map(({ cards }) => cards)

test('the calendar begins with the hour that it is now', () => {
  const [first, second] = planCalendar([], { at: epochMs(threePm + 59 * minuteMs), hours: 2 })
  expect(first).toEqual({ at: threePm, cards: 0 })
  expect(second).toEqual({ at: threePm + hourMs, cards: 0 })
  expect(hourOf(epochMs(threePm))).toBe(threePm)
})

test('a card that rotates every hour comes in each hour of a day', () => {
  expect(cardsOf([due(0, 1)], 24)).toEqual(Array.from({ length: 24 }, () => 1))
})

test('cards come again after their interval, those of one hour together', () => {
  expect(cardsOf([due(1, 3, 5), due(4, 24, 2), due(2, 2, 1)], 8)).toEqual([0, 5, 1, 0, 8, 0, 1, 5])
})

test('what is overdue comes now, once, and then in step', () => {
  const overdue = (comes: number, interval: number) => ({ ...due(comes, interval, 7), isOverdue: true })
  expect(cardsOf([overdue(3, 4)], 8)).toEqual([7, 0, 0, 7, 0, 0, 0, 7])
  expect(cardsOf([overdue(24, 24)], 24).flatMap((cards, hour) => (cards ? [hour] : []))).toEqual([0])
  // Twenty past: what is in step at half past comes twice in this hour.
  expect(cardsOf([overdue(0, 1)], 3)).toEqual([14, 7, 7])
})

test('what is due after the last hour is left out', () => {
  expect(cardsOf([due(3, 1), due(4, 24)], 3)).toEqual([0, 0, 0])
})

test('each card is counted as often as its interval fits into the hours after it', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          hour: fc.integer({ min: 0, max: 60 }),
          interval: fc.integer({ min: 1, max: 40 }),
          cards: fc.integer({ min: 1, max: 9 }),
        }),
      ),
      fc.integer({ min: 1, max: 60 }),
      (rows, hours) => {
        const ahead = rows.map(({ hour, interval, cards }) => due(hour, interval, cards))
        const expected = Array.from({ length: hours }, (_, at) =>
          rows
            .filter(({ hour, interval }) => at >= hour && (at - hour) % interval === 0)
            .reduce((sum, { cards }) => sum + cards, 0),
        )
        expect(cardsOf(ahead, hours)).toEqual(expected)
      },
    ),
  )
})
