import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { IssuedCardId } from '../kernel/ids.ts'
import { dayMs, type EpochMs, epochMs, hourMs, minuteMs, secondMs } from '../kernel/time.ts'
import { issuedCardIdOf } from './issued-card.ts'
import {
  aheadAtMostMs,
  bringNear,
  decideRotation,
  dueAtOf,
  type RotationCause,
  type RotationSchedule,
  rotationHours,
  schedulingWindowMs,
  startSchedule,
  stopSchedule,
} from './rotation.ts'

const at = (text: string): EpochMs => epochMs(Date.parse(text))
const spell = (time: EpochMs | undefined): string | undefined => time && new Date(time).toISOString()

const never: RotationSchedule = {
  intervalMs: undefined,
  nextAt: undefined,
  lastScheduledAt: undefined,
  lastRotatedAt: at('2026-03-01T08:00:00Z'),
}

const daily = startSchedule(never, 24, at('2026-03-01T08:00:00Z'))

/** The schedule after each step, one after the other. */
const run = (
  schedule: RotationSchedule,
  steps: readonly (readonly [RotationCause, string])[],
): RotationSchedule =>
  steps.reduce((state, [cause, time]) => decideRotation(state, cause, at(time)), schedule)

describe('the description of the forced rotation', () => {
  test('called at 3 PM with an interval of 24 hours, the next is at 3 PM the next day and on subsequent days', () => {
    let schedule = decideRotation(daily, 'forced', at('2026-03-01T15:00:00Z'))
    for (const day of ['02', '03', '04']) {
      expect(spell(schedule.nextAt)).toBe(`2026-03-${day}T15:00:00.000Z`)
      schedule = decideRotation(schedule, 'automatic', schedule.nextAt as EpochMs)
    }
  })

  test('a forced one less than two minutes after an automatic one rotates, and no new scheduling takes place', () => {
    const schedule = run(daily, [
      ['automatic', '2026-03-02T08:00:00Z'],
      ['forced', '2026-03-02T08:01:59.999Z'],
    ])
    expect(spell(schedule.lastRotatedAt)).toBe('2026-03-02T08:01:59.999Z')
    expect(spell(schedule.lastScheduledAt)).toBe('2026-03-02T08:00:00.000Z')
    expect(spell(schedule.nextAt)).toBe('2026-03-03T08:00:00.000Z')
  })

  test('an automatic one less than two minutes after a forced one rotates, and no new scheduling takes place', () => {
    const due: RotationSchedule = { ...daily, lastScheduledAt: at('2026-03-02T07:58:00.001Z') }
    const schedule = decideRotation(due, 'automatic', at('2026-03-02T08:00:00Z'))
    expect(spell(schedule.lastRotatedAt)).toBe('2026-03-02T08:00:00.000Z')
    expect(spell(schedule.lastScheduledAt)).toBe('2026-03-02T07:58:00.001Z')
    expect(spell(schedule.nextAt)).toBe('2026-03-03T08:00:00.000Z')
  })

  test('of several forced ones in less than two minutes each rotates, and the first schedules', () => {
    const schedule = run(daily, [
      ['forced', '2026-03-01T15:00:00Z'],
      ['forced', '2026-03-01T15:00:30Z'],
      ['forced', '2026-03-01T15:01:59.999Z'],
    ])
    expect(spell(schedule.lastRotatedAt)).toBe('2026-03-01T15:01:59.999Z')
    expect(spell(schedule.lastScheduledAt)).toBe('2026-03-01T15:00:00.000Z')
    expect(spell(schedule.nextAt)).toBe('2026-03-02T15:00:00.000Z')
  })
})

describe('the two minutes', () => {
  test.each([
    ['forced', '2026-03-01T15:01:59.999Z', '2026-03-02T15:00:00.000Z'],
    ['forced', '2026-03-01T15:02:00.000Z', '2026-03-02T15:02:00.000Z'],
  ] as const)('a %s one at %s has the next at %s', (cause, time, next) => {
    const forced = decideRotation(daily, 'forced', at('2026-03-01T15:00:00Z'))
    expect(spell(decideRotation(forced, cause, at(time)).nextAt)).toBe(next)
  })

  test.each([
    [schedulingWindowMs - 1, false],
    [schedulingWindowMs, true],
  ])('an automatic one %i ms after the last scheduling stamps one: %s', (sinceMs, isStamped) => {
    const due = daily.nextAt as EpochMs
    const before = { ...daily, lastScheduledAt: epochMs(due - sinceMs) }
    expect(decideRotation(before, 'automatic', due).lastScheduledAt === due).toBe(isStamped)
  })

  test('run from the last scheduling, not from the last rotation', () => {
    const schedule = run(daily, [
      ['forced', '2026-03-01T15:00:00Z'],
      ['forced', '2026-03-01T15:01:30Z'],
      ['forced', '2026-03-01T15:03:00Z'],
    ])
    expect(spell(schedule.nextAt)).toBe('2026-03-02T15:03:00.000Z')
  })

  test('run from a creation with an interval and from a change of it as well', () => {
    const changed = startSchedule(daily, 48, at('2026-03-01T12:00:00Z'))
    expect(spell(changed.nextAt)).toBe('2026-03-03T12:00:00.000Z')
    expect(changed.lastRotatedAt).toBe(daily.lastRotatedAt)
    const forced = decideRotation(changed, 'forced', at('2026-03-01T12:01:00Z'))
    expect(spell(forced.nextAt)).toBe('2026-03-03T12:00:00.000Z')
    expect(spell(decideRotation(forced, 'forced', at('2026-03-01T12:02:00Z')).nextAt)).toBe(
      '2026-03-03T12:02:00.000Z',
    )
  })
})

describe('after downtime', () => {
  const hourly = startSchedule(never, 1, at('2026-03-01T08:00:00Z'))

  test('one rotation stands for all that were missed, and the schedule keeps its phase', () => {
    const schedule = decideRotation(hourly, 'automatic', at('2026-03-01T13:20:00Z'))
    expect(spell(schedule.nextAt)).toBe('2026-03-01T14:00:00.000Z')
    expect(spell(schedule.lastScheduledAt)).toBe('2026-03-01T13:20:00.000Z')
  })

  test('one that comes exactly when another is due stands for that one too', () => {
    const schedule = decideRotation(hourly, 'automatic', at('2026-03-01T13:00:00Z'))
    expect(spell(schedule.nextAt)).toBe('2026-03-01T14:00:00.000Z')
  })

  test('a forced one that does not schedule leaves none in the past that was missed', () => {
    const missed = { ...hourly, lastScheduledAt: at('2026-03-01T13:19:00Z') }
    expect(spell(decideRotation(missed, 'forced', at('2026-03-01T13:20:00Z')).nextAt)).toBe(
      '2026-03-01T14:00:00.000Z',
    )
  })
})

describe('a clock that goes backwards', () => {
  test('by less than two minutes lifts no guard', () => {
    const forced = decideRotation(daily, 'forced', at('2026-03-01T15:00:00Z'))
    const schedule = decideRotation(forced, 'forced', at('2026-03-01T14:58:00.001Z'))
    expect(spell(schedule.nextAt)).toBe('2026-03-02T15:00:00.000Z')
  })

  test('by more makes the last scheduling meaningless', () => {
    const forced = decideRotation(daily, 'forced', at('2026-03-01T15:00:00Z'))
    const schedule = decideRotation(forced, 'forced', at('2026-03-01T14:58:00Z'))
    expect(spell(schedule.nextAt)).toBe('2026-03-02T14:58:00.000Z')
  })

  test.each(['2026-03-02T07:59:59.999Z', '2026-03-02T07:00:00Z'])(
    'to before the due time that is just being served, to %s, makes nobody serve it twice',
    (time) => {
      const schedule = decideRotation(daily, 'automatic', at(time))
      expect(spell(schedule.nextAt)).toBe('2026-03-03T08:00:00.000Z')
    },
  )

  test('by less than an hour brings no schedule back, so that what was served is not due again', () => {
    const served = decideRotation(daily, 'automatic', at('2026-03-02T08:00:00Z'))
    expect(bringNear(served, at('2026-03-02T07:00:00Z'))).toBeUndefined()
    expect(spell(bringNear(served, at('2026-03-02T06:59:59.999Z'))?.nextAt)).toBe('2026-03-02T08:00:00.000Z')
  })

  test('after it ran years ahead brings the schedule back within an interval, in step', () => {
    const ahead = decideRotation(daily, 'forced', at('2031-07-05T09:30:00Z'))
    const near = bringNear(ahead, at('2026-03-05T12:00:00Z'))
    expect(spell(near?.nextAt)).toBe('2026-03-06T09:30:00.000Z')
    expect(near).toEqual({ ...ahead, nextAt: near?.nextAt })
  })
})

test('without an interval a rotation schedules nothing', () => {
  const time = at('2026-03-01T15:00:00Z')
  for (const cause of ['forced', 'automatic'] as const)
    expect(decideRotation(never, cause, time)).toEqual({ ...never, lastRotatedAt: time })
  expect(bringNear(never, time)).toBeUndefined()
})

test('a schedule that is stopped has no next time, and remembers when it was last decided on', () => {
  expect(stopSchedule(daily)).toEqual({ ...daily, intervalMs: undefined, nextAt: undefined })
})

/*
 * An independent model: it knows the times at which a card is due by counting them up, one by one, and keeps for each
 * rotation whether it was allowed to schedule.
 */
interface Model {
  readonly intervalMs: number
  readonly anchor: number
  readonly scheduledAt: number
}

const nextOf = ({ anchor, intervalMs }: Model, after: number): number => {
  let next = anchor
  while (next <= after) next += intervalMs
  return next
}

const stepModel = (model: Model, next: number, cause: RotationCause, time: number): [Model, number] => {
  const isFree = Math.abs(time - model.scheduledAt) >= 120_000
  if (isFree && cause === 'forced') {
    const anchored = { ...model, anchor: time + model.intervalMs, scheduledAt: time }
    return [anchored, anchored.anchor]
  }
  const served = cause === 'automatic' ? Math.max(next, time) : time
  return [isFree ? { ...model, scheduledAt: time } : model, next > served ? next : nextOf(model, served)]
}

const steps = fc.array(
  fc.record({
    cause: fc.constantFrom<RotationCause>('forced', 'automatic'),
    // Most within the window or about an interval later, some after a long silence, some with the clock set back a little.
    afterMs: fc.oneof(
      fc.integer({ min: 0, max: 3 * minuteMs }),
      fc.constantFrom(schedulingWindowMs - 1, schedulingWindowMs, schedulingWindowMs + 1),
      fc.integer({ min: 0, max: 3 * dayMs }),
      fc.integer({ min: -5 * minuteMs, max: 0 }),
    ),
  }),
  { maxLength: 40 },
)

test('whatever comes when, it decides as the model does, and never puts the next time in the past', () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 2, 7, 24), steps, (hours, moves) => {
      const begin = at('2026-03-01T08:00:00Z')
      let schedule = startSchedule(never, hours, begin)
      let model: Model = { intervalMs: hours * hourMs, anchor: begin + hours * hourMs, scheduledAt: begin }
      let next: number = model.anchor
      let time = begin
      for (const { cause, afterMs } of moves) {
        // The scheduler comes when something is due, or later.
        time = epochMs(
          cause === 'automatic' ? Math.max(time + afterMs, schedule.nextAt as EpochMs) : time + afterMs,
        )
        const before = schedule
        schedule = decideRotation(before, cause, time)
        ;[model, next] = stepModel(model, next, cause, time)
        expect(schedule).toEqual({
          intervalMs: hours * hourMs,
          nextAt: next,
          lastScheduledAt: model.scheduledAt,
          lastRotatedAt: time,
        })
        expect(schedule.nextAt).toBeGreaterThan(time)
        if (cause === 'automatic') expect(schedule.nextAt).toBeGreaterThan(before.nextAt as EpochMs)
      }
    }),
  )
})

test('brought near it is in step, to come, and within an interval, and not brought again', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: rotationHours.least, max: rotationHours.most }),
      fc.integer({ min: 0, max: 40 * 365 * dayMs }),
      (hours, aheadMs) => {
        const intervalMs = hours * hourMs
        const now = at('2026-03-01T08:00:00Z')
        const nextAt = epochMs(now + aheadMs)
        const near = bringNear({ ...never, intervalMs, nextAt }, now)
        expect(near !== undefined).toBe(aheadMs > intervalMs + aheadAtMostMs)
        if (!near?.nextAt) return
        expect(near.nextAt).toBeGreaterThan(now)
        expect(near.nextAt).toBeLessThanOrEqual(now + intervalMs)
        expect((nextAt - near.nextAt) % intervalMs).toBe(0)
        expect(bringNear(near, now)).toBeUndefined()
      },
    ),
  )
})

describe('jitter', () => {
  const card = (id: number) => id as IssuedCardId

  test('is none unless it is chosen', () => {
    expect(dueAtOf(daily, card(4_711), 0)).toBe(daily.nextAt)
    expect(dueAtOf(never, card(4_711), minuteMs)).toBeUndefined()
  })

  test('is always the same for a card, within its span, and spreads cards that were made together', () => {
    const first = epochMs(Date.UTC(2026, 10, 22))
    const delays = Array.from({ length: 4_000 }, (_, index) => {
      const id = issuedCardIdOf(first, index)
      const dueAt = dueAtOf(daily, id, minuteMs)
      expect(dueAt).toBe(dueAtOf(daily, id, minuteMs))
      return (dueAt as EpochMs) - (daily.nextAt as EpochMs)
    })
    const perSecond = Array.from(
      { length: 60 },
      (_, second) => delays.filter((delay) => Math.floor(delay / secondMs) === second).length,
    )
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...delays)).toBeLessThan(minuteMs)
    // 67 each, were it even.
    expect(Math.min(...perSecond)).toBeGreaterThan(50)
    expect(Math.max(...perSecond)).toBeLessThan(85)
  })
})
