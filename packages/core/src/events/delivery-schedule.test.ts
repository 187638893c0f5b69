import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayMs, epochMs, hourMs, minuteMs, secondMs } from '../kernel/time.ts'
import {
  type DeliveryFailure,
  decideAfterFailure,
  decideHealth,
  healthy,
  isFailing,
} from './delivery-schedule.ts'
import type { WebhookHealth } from './webhook.ts'

const at = epochMs(Date.UTC(2026, 0, 1))
const refused: DeliveryFailure = { reason: 'answered 500', retryAfterMs: undefined, isGone: false }
const middle = 0.5

const decide = (attempts: number, failure: Partial<DeliveryFailure> = {}, chance = middle) =>
  decideAfterFailure({ no: 7, attempts }, { ...refused, ...failure }, at, chance)

/** Fails again and again; answers after how long each attempt came, and when it was given up. */
const failUntilGivenUp = (chances: (attempt: number) => number) => {
  let now: number = at
  const attemptsAt: number[] = []
  for (let attempts = 0; attempts < 100; attempts++) {
    attemptsAt.push(now - at)
    const decided = decideAfterFailure({ no: 7, attempts }, refused, epochMs(now), chances(attempts))
    if (decided.type === 'give-up-delivery') return attemptsAt
    now = decided.dueAt
  }
  throw new Error('never given up')
}

describe('a delivery that failed', () => {
  test.each([
    [1, 5 * secondMs],
    [2, 15 * secondMs],
    [3, 45 * secondMs],
    [4, 135 * secondMs],
    [7, 3_645 * secondMs],
    [8, 10_935 * secondMs],
    [9, 6 * hourMs],
    [10, 6 * hourMs],
  ])(
    'waits three times as long after each failure, up to six hours: after failure %i for %i ms',
    (failures, waitMs) => {
      expect(decide(failures - 1)).toEqual({
        type: 'delay-delivery',
        no: 7,
        attempts: failures,
        dueAt: at + waitMs,
        failure: 'answered 500',
      })
    },
  )

  test('is tried for the last time three days after the first, and then given up', () => {
    const attemptsAt = failUntilGivenUp(() => middle)
    expect(attemptsAt.at(-1)).toBe(3 * dayMs)
    expect(decide(attemptsAt.length - 1)).toEqual({
      type: 'give-up-delivery',
      no: 7,
      attempts: attemptsAt.length,
      at,
      failure: 'answered 500',
    })
  })

  test('is given up within a tenth of three days, whatever chance says, and each delay is within a tenth of its own', () => {
    const nominal = failUntilGivenUp(() => middle)
    const chance = fc.double({ min: 0, max: 0.999_999, noNaN: true })
    fc.assert(
      fc.property(fc.array(chance, { minLength: 100, maxLength: 100 }), (chances) => {
        const attemptsAt = failUntilGivenUp((attempt) => chances[attempt] ?? 0)
        expect(attemptsAt.length).toBe(nominal.length)
        expect(Math.abs((attemptsAt.at(-1) ?? 0) - 3 * dayMs)).toBeLessThanOrEqual(0.1 * 3 * dayMs + 100)
        for (let attempt = 1; attempt < nominal.length; attempt++) {
          const expected = (nominal[attempt] ?? 0) - (nominal[attempt - 1] ?? 0)
          const waited = (attemptsAt[attempt] ?? 0) - (attemptsAt[attempt - 1] ?? 0)
          expect(Math.abs(waited - expected)).toBeLessThanOrEqual(0.1 * expected + 1)
        }
      }),
      { seed: 1 },
    )
  })

  test('is not tried at the same time as another that failed with it', () => {
    expect(decide(0, {}, 0)).toMatchObject({ dueAt: at + 4_500 })
    expect(decide(0, {}, 0.75)).toMatchObject({ dueAt: at + 5_250 })
  })

  test.each([
    ['a longer time is kept', 10 * minuteMs, 10 * minuteMs],
    ['a shorter one does not hurry', secondMs, 5 * secondMs],
    ['days become an hour', 9 * dayMs, hourMs],
    ['less than nothing is nothing', -hourMs, 5 * secondMs],
  ])('waits as the endpoint asked: %s', (_, retryAfterMs, waitMs) => {
    expect(decide(0, { retryAfterMs })).toMatchObject({ dueAt: at + waitMs })
  })

  test('is given up at once where the endpoint is gone', () => {
    expect(decide(0, { isGone: true })).toMatchObject({ type: 'give-up-delivery', attempts: 1 })
  })

  test('has its three days from its first attempt, however long ago the event was', () => {
    const late = decideAfterFailure({ no: 7, attempts: 0 }, refused, epochMs(at + 9 * dayMs), middle)
    expect(late.type).toBe('delay-delivery')
  })
})

describe('an endpoint', () => {
  const after = (failures: number, failure: Partial<DeliveryFailure> = {}): WebhookHealth =>
    decideHealth({ failures: failures - 1, pausedUntil: undefined }, { ...refused, ...failure }, at)

  test.each([
    [1, undefined],
    [4, undefined],
    [5, 30 * secondMs],
    [6, 60 * secondMs],
    [7, 120 * secondMs],
    [11, 1_920 * secondMs],
    [12, hourMs],
    [5_000, hourMs],
  ])('after %i failures in a row is paused for %s ms', (failures, pauseMs) => {
    const pausedUntil = pauseMs === undefined ? undefined : at + pauseMs
    expect(after(failures)).toEqual({ failures, pausedUntil })
    expect(isFailing(after(failures))).toBe(pauseMs !== undefined)
  })

  test('is open again after one success', () => {
    expect(decideHealth({ failures: 50, pausedUntil: at }, undefined, at)).toEqual(healthy)
  })

  test('that asks for time gets it at its first failure, up to an hour', () => {
    expect(after(1, { retryAfterMs: minuteMs })).toEqual({ failures: 1, pausedUntil: at + minuteMs })
    expect(after(1, { retryAfterMs: dayMs })).toEqual({ failures: 1, pausedUntil: at + hourMs })
    expect(after(12, { retryAfterMs: minuteMs })).toEqual({ failures: 12, pausedUntil: at + hourMs })
  })

  test('that is gone is paused for a day', () => {
    expect(after(1, { isGone: true })).toEqual({ failures: 1, pausedUntil: at + dayMs })
  })
})
