import { createSeededDraws } from '@cardkeep/testing/clock'
import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { addIssuedCards, addIssuer } from '@cardkeep/testing/doubles/issuer'
import { callerOf, openTestVault } from '@cardkeep/testing/doubles/vault'
import { expect, test } from 'vitest'
import type { VaultEvent } from '../../events/event.ts'
import type { Issuer } from '../../issuing/issuer.ts'
import type { IssuedCardId } from '../../kernel/ids.ts'
import { done, refuse } from '../../kernel/result.ts'
import { dayMs, epochMs, hourMs, minuteMs, secondMs } from '../../kernel/time.ts'
import type { RotatingCard, Store } from '../../ports.ts'
import { rotateCvv } from './rotate-cvv.ts'
import { rotateDueCvvs } from './rotate-due-cvvs.ts'

/*
 * A year of a few cards, against a model that shares no code with what it judges: it counts due times one by one, where the
 * rules divide. Rounds come at odd times, the vault is away for hours and days, somebody forces a card now and then, twice in
 * a row or next to its time, and the clock is set back.
 */

interface Model {
  readonly hours: number
  next: number
  scheduled: number
  rotations: number
  served: number[]
}

const schedulingGapMs = 120_000

const rotateModel = (card: Model, at: number, cause: 'forced' | 'automatic'): void => {
  const isTooSoon = at - card.scheduled < schedulingGapMs && card.scheduled - at < schedulingGapMs
  if (cause === 'automatic') card.served.push(card.next)
  card.rotations++
  if (cause === 'forced' && !isTooSoon) card.next = at + card.hours * 3_600_000
  else while (card.next <= at) card.next += card.hours * 3_600_000
  if (!isTooSoon) card.scheduled = at
}

/** What of a store rotations need, in memory: a year of them would wait for the disk tens of thousands of times. */
const createRows = (issuer: Issuer): Pick<Store, 'commit' | 'claimRotations' | 'issuedCard' | 'issuer'> => {
  const rows = new Map<IssuedCardId, RotatingCard>()
  const claims = new Map<IssuedCardId, number>()
  return {
    issuer: async () => issuer,
    issuedCard: async (id) => rows.get(id),
    claimRotations: async ({ at, until }) => {
      const due = [...rows.values()].filter(
        ({ card, rotation }) =>
          rotation.dueAt !== undefined && rotation.dueAt <= at && (claims.get(card.id) ?? 0) <= at,
      )
      for (const { card } of due) claims.set(card.id, until)
      return due
    },
    commit: async (changes) => {
      const replaced = changes.flatMap((change) =>
        change.type === 'replace-rotation' ? [change.rotation] : [],
      )
      if (!replaced.every(({ cardId, version }) => rows.get(cardId)?.rotation.version === version - 1))
        return refuse({ type: 'Conflict', change: 'replace-rotation' })
      for (const change of changes) if (change.type === 'put-issued-card') rows.set(change.card.id, change)
      for (const rotation of replaced) {
        const row = rows.get(rotation.cardId)
        if (row) rows.set(rotation.cardId, { ...row, rotation })
        claims.delete(rotation.cardId)
      }
      return done
    },
  }
}

test.each([
  ['a year', 365, 'in memory'],
  ['two weeks', 14, 'on a disk'],
] as const)(
  'in %s of hourly rotations each due time is served once, each is told once, and none is planned in the past',
  {
    timeout: 120_000,
  },
  async (_, days, where) => {
    const vault = await openTestVault()
    const { clock } = vault
    const issuer = await addIssuer(vault, 'bank')
    const tenant = await vault.store.tenant(issuer.tenantId)
    if (!tenant) throw new Error('there is no tenant')
    const rows = where === 'in memory' ? { ...vault.store, ...createRows(issuer) } : vault.store
    const told: VaultEvent[] = []
    const store = interceptCommits(rows, async (changes, commit) => {
      const result = await commit()
      if (result.ok) for (const change of changes) if (change.type === 'emit-event') told.push(change.event)
      return result
    })
    const ports = { ...vault, store, readiness: { isSealed: () => false } }
    const caller = callerOf(tenant)
    const principal = { ...caller.principal, permissions: ['issue'] as const, accountId: 1 }
    const force = async (cardId: (typeof cards)[number]['id']) => {
      const forced = await rotateCvv(ports, { ...caller, principal }, { cardId, serviceCode: undefined })
      expect(forced.ok).toBe(true)
    }

    const begun = clock.now()
    const intervals = [1, 1, 1, 5, 24]
    const cards = await Promise.all(
      intervals.map(async (hours, index) => {
        const nextAt = epochMs(begun + hourMs + index * 2 * minuteMs)
        const [made] = await addIssuedCards(ports, issuer, { count: 1, after: index, hours, nextAt })
        if (!made) throw new Error('no card')
        const scheduled = nextAt - hours * hourMs
        const model: Model = { hours, next: nextAt, scheduled, rotations: 0, served: [] }
        return { id: made.card.id, hash: made.card.hash, model }
      }),
    )

    const draws = createSeededDraws(2026)
    const chance = (of: number) => draws.below(of) === 0
    let isChecked = 0
    while (clock.now() < begun + days * dayMs) {
      // Half an hour at a time, and now and then a time in which nobody looks.
      clock.advance(chance(400) ? draws.below(3 * dayMs) : draws.below(hourMs) + secondMs)
      if (chance(300)) clock.step(-draws.below(50 * minuteMs))
      const at = clock.now()
      const claimed = await store.claimRotations({ at, until: epochMs(at + 30_000), limit: 100 })
      const due = cards.filter(({ model }) => model.next <= at)
      expect(new Set(claimed.map(({ card }) => card.id))).toEqual(new Set(due.map(({ id }) => id)))
      expect((await rotateDueCvvs(ports, claimed)).rotated).toBe(due.length)
      for (const { model } of due) rotateModel(model, at, 'automatic')
      for (const { id, model } of cards) {
        if (!chance(80)) continue
        for (let times = draws.below(3); times >= 0; times--) {
          clock.advance(draws.below(3 * minuteMs))
          // What came to be due meanwhile is overtaken: the forced one is its rotation.
          await force(id)
          rotateModel(model, clock.now(), 'forced')
        }
      }
      if (isChecked++ % 20 !== 0) continue
      for (const { id, model } of cards) {
        const found = await store.issuedCard(id)
        expect(found?.rotation).toMatchObject({
          ...{ serial: model.rotations, dueAt: model.next },
          schedule: { nextAt: model.next, lastScheduledAt: model.scheduled },
        })
        if (model.next > clock.now()) continue
        // Due since the last round, while others were forced.
        expect(clock.now() - model.next).toBeLessThan(hourMs)
      }
    }

    for (const { hash, model } of cards) {
      expect(new Set(model.served).size).toBe(model.served.length)
      expect(told.filter(({ subject }) => subject.id === hash)).toHaveLength(model.rotations)
    }
    expect(new Set(told.map(({ id }) => id)).size).toBe(told.length)
    // Each event names a time that was to come when it was told.
    expect(told.filter(({ at, data }) => Date.parse(String(data['nextRotationAt'])) <= at)).toEqual([])
    expect(told.length).toBeGreaterThan(days * 55)
    await vault.close()
  },
)
