import { planCalendar } from '@cardkeep/core/issuing/calendar'
import { decideRotation, dueAtOf, type RotationSchedule } from '@cardkeep/core/issuing/rotation'
import { epochMs, hourMs, minuteMs } from '@cardkeep/core/kernel/time'
import type { RotatingCard } from '@cardkeep/core/ports'
import { addIssuedCards, addIssuer } from '@cardkeep/testing/doubles/issuer'
import { openTestVault } from '@cardkeep/testing/doubles/vault'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'

/*
 * What the store counts and the calendar makes of it, against a model that has every card rotate when it is due, one rotation
 * after the other.
 */

type Vault = Awaited<ReturnType<typeof openTestVault>>
let vault: Vault
beforeEach(async () => {
  vault = await openTestVault()
})
afterEach(() => vault.close())

const hours = 30
const jitterMs = 30 * minuteMs

interface Case {
  readonly intervalHours: number
  /** Of `nextAt`, from now. */
  readonly inMs: number
  readonly hasJitter: boolean
}

/** How many of them rotate in each hour from the one that it is. */
const model = (cards: readonly { of: RotatingCard['card']; case: Case }[], now: number): number[] => {
  const start = now - (now % hourMs)
  const counts = Array.from({ length: hours }, () => 0)
  for (const { of, case: drawn } of cards) {
    const delay = drawn.hasJitter ? jitterMs : 0
    let schedule: RotationSchedule = scheduleOf(drawn, now)
    let at = now
    for (;;) {
      at = Math.max(at, Number(dueAtOf(schedule, of.id, delay)))
      const place = Math.floor((at - start) / hourMs)
      if (place >= hours) break
      counts[place] = (counts[place] ?? 0) + 1
      schedule = decideRotation(schedule, 'automatic', epochMs(at))
    }
  }
  return counts
}

const scheduleOf = ({ intervalHours, inMs }: Case, now: number): RotationSchedule => ({
  intervalMs: intervalHours * hourMs,
  nextAt: epochMs(now + inMs),
  lastScheduledAt: undefined,
  lastRotatedAt: epochMs(now - 400 * hourMs),
})

const drawnCase = fc.record({
  intervalHours: fc.integer({ min: 1, max: 26 }),
  inMs: fc.integer({ min: -60 * hourMs, max: 26 * hourMs }),
  hasJitter: fc.boolean(),
})

test('the calendar is what comes to pass if nobody forces or changes anything, also after a stop', async () => {
  const { store, clock } = vault
  const issuer = await addIssuer(vault, 'bank')
  const count = 12
  const cards = await addIssuedCards(vault, issuer, { count, hours: 1, nextAt: clock.now() })
  let version = 1
  await fc.assert(
    fc.asyncProperty(
      fc.array(drawnCase, { minLength: count, maxLength: count }),
      fc.integer({ min: 1, max: 2 * hourMs }),
      async (cases, later) => {
        clock.advance(later)
        const at = clock.now()
        version++
        const drawn = cards.map((card, index) => ({
          of: card.card,
          rotation: card.rotation,
          case: cases[index] ?? { intervalHours: 1, inMs: 0, hasJitter: false },
        }))
        const changed = await store.commit(
          drawn.map(({ of, rotation, case: its }) => {
            const schedule = scheduleOf(its, at)
            const dueAt = dueAtOf(schedule, of.id, its.hasJitter ? jitterMs : 0)
            return { type: 'replace-rotation', rotation: { ...rotation, schedule, dueAt, version } }
          }),
        )
        expect(changed).toEqual({ ok: true, value: undefined })
        const until = epochMs(at - (at % hourMs) + hours * hourMs)
        const ahead = await store.rotationsAhead({ at, until, stepMs: hourMs, tenantId: issuer.tenantId })
        expect(planCalendar(ahead, { at, hours }).map((hour) => hour.cards)).toEqual(model(drawn, at))
      },
    ),
    { numRuns: 60 },
  )
})
