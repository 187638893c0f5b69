import type { Change } from '@cardkeep/core/changes'
import type { CvvRotation } from '@cardkeep/core/issuing/rotation'
import { type EpochMs, epochMs, hourMs } from '@cardkeep/core/kernel/time'
import type { RotatingCard, Store } from '@cardkeep/core/ports'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { describe, expect, test } from 'vitest'
import { type Bench, conflict } from './bench.ts'

/** How CVVs rotate: who is due, and who has taken it. */
export const rotationConformance = (bench: Bench): void => {
  const after = (ms: number): EpochMs => epochMs(bench.records.at + ms)
  const replace = (rotation: CvvRotation): Change => ({ type: 'replace-rotation', rotation })

  /** A card that is due then. */
  const dueCard = (of: Tenant, ms: number, hours = 1): RotatingCard => {
    const card = bench.records.issuedCard(of)
    const schedule = {
      intervalMs: hours * hourMs,
      nextAt: after(ms),
      lastScheduledAt: bench.records.at,
      lastRotatedAt: bench.records.at,
    }
    return { card, rotation: bench.records.rotation(card, { schedule, dueAt: after(ms) }) }
  }
  const putDue = async (of: Tenant, ...ms: readonly number[]): Promise<readonly RotatingCard[]> => {
    const cards = ms.map((due) => dueCard(of, due))
    await bench.put(...cards.map((made): Change => ({ type: 'put-issued-card', ...made })))
    return cards
  }
  /** As it is after its next rotation, an hour later. */
  const rotated = ({ rotation }: RotatingCard): CvvRotation => {
    const nextAt = epochMs((rotation.schedule.nextAt ?? 0) + hourMs)
    return {
      ...rotation,
      sealedServiceCode: bench.records.bytes(50),
      serial: rotation.serial + 1,
      schedule: { ...rotation.schedule, nextAt, lastRotatedAt: after(1) },
      dueAt: nextAt,
      version: rotation.version + 1,
    }
  }
  const setUp = async (count = 1): Promise<readonly Tenant[]> => {
    const tenants = Array.from({ length: count }, () => bench.records.tenant())
    for (const tenant of tenants)
      await bench.put(
        { type: 'put-tenant', tenant },
        { type: 'put-issuer', issuer: bench.records.issuer(tenant) },
      )
    return tenants
  }
  const needsOne = async (): Promise<Tenant> => {
    const [only] = await setUp()
    if (!only) throw new Error('one tenant')
    return only
  }
  const claim = (ms: number, fields: Partial<Parameters<Store['claimRotations']>[0]> = {}) =>
    bench.store.claimRotations({ at: after(ms), until: after(ms + 100), limit: 100, ...fields })
  const byNumber = (a: number, b: number) => a - b
  const idsOf = (cards: readonly RotatingCard[]) => cards.map(({ card }) => card.id)

  describe('a rotation', () => {
    test('is replaced by the next version alone: whoever comes later finds out', async () => {
      const { store } = bench
      const tenant = await needsOne()
      const [made] = await putDue(tenant, 0)
      if (!made) throw new Error('one card')
      const next = rotated(made)
      const results = await Promise.all([1, 2, 3, 4].map(() => store.commit([replace(next)])))
      expect(results.filter(({ ok }) => ok)).toHaveLength(1)
      expect(results.filter(({ ok }) => !ok)[0]).toEqual(conflict('replace-rotation'))
      expect(await store.issuedCard(made.card.id)).toEqual({ card: made.card, rotation: next })
      for (const wrong of [
        { ...next, version: 4 },
        { ...next, tenantId: bench.records.tenant().id, version: 3 },
      ])
        expect(await store.commit([replace(wrong)])).toEqual(conflict('replace-rotation'))
      const stopped: CvvRotation = {
        ...next,
        schedule: { ...next.schedule, intervalMs: undefined, nextAt: undefined },
        dueAt: undefined,
        previous: { sealedServiceCode: made.rotation.sealedServiceCode, until: after(9) },
        version: 3,
      }
      await bench.put(replace(stopped))
      expect((await store.issuedCard(made.card.id))?.rotation).toEqual(stopped)
    })

    test('and what it tells are written both or neither, for hundreds at once', async () => {
      const { store, records } = bench
      const tenant = await needsOne()
      await bench.put({ type: 'put-webhook', webhook: records.webhook(tenant, { events: ['rotate_cvv'] }) })
      const cards = await putDue(tenant, ...Array.from({ length: 300 }, (_, at) => at))
      const list = (made: RotatingCard): readonly Change[] => [
        replace(rotated(made)),
        {
          type: 'emit-event',
          event: records.event(tenant, {
            type: 'rotate_cvv',
            subject: { type: 'issued-card', id: made.card.hash },
          }),
        },
      ]
      const another = await bench.openAnother()
      // Two that rotate the same cards at the same time.
      const results = await Promise.all([
        ...cards.map((made) => store.commit(list(made))),
        ...cards.toReversed().map((made) => another.commit(list(made))),
      ])
      expect(results.filter(({ ok }) => ok)).toHaveLength(300)
      expect(await store.outboxState()).toMatchObject({ waiting: 300 })
      const deliveries = await store.claimDeliveries({ at: after(9), until: after(99), limit: 400 })
      expect(new Set(deliveries.map(({ event }) => event.subject.id))).toEqual(
        new Set(cards.map(({ card }) => card.hash)),
      )
      expect(deliveries[0]?.event.subject.type).toBe('issued-card')
      for (const { card } of cards) expect((await store.issuedCard(card.id))?.rotation.version).toBe(2)
    })

    test('that is rotated twice in one turn goes by the order in which it came', async () => {
      const { store } = bench
      const [made] = await putDue(await needsOne(), 0)
      if (!made) throw new Error('one card')
      const first = rotated(made)
      const second = rotated({ ...made, rotation: first })
      const results = await Promise.all([store.commit([replace(first)]), store.commit([replace(second)])])
      expect(results.map(({ ok }) => ok)).toEqual([true, true])
      expect((await store.issuedCard(made.card.id))?.rotation).toEqual(second)
    })
  })

  describe('cards that are due', () => {
    test('are claimed with all that they are, those that have waited longest first', async () => {
      const tenant = await needsOne()
      const [third, first, second, early] = await putDue(tenant, 7, 5, 6, 8)
      expect(await claim(4)).toEqual([])
      expect(await claim(7, { limit: 2 })).toEqual([first, second])
      expect(await claim(7)).toEqual([third])
      expect(await claim(7)).toEqual([])
      expect(await claim(8)).toEqual([early])
    })

    test('come again once a claim has run out, and not before', async () => {
      const tenant = await needsOne()
      const [made] = await putDue(tenant, 0)
      expect(await claim(1)).toEqual([made])
      expect(await claim(100)).toEqual([])
      expect(await claim(101)).toEqual([made])
    })

    test('that were claimed by a clock far ahead are not lost', async () => {
      const tenant = await needsOne()
      const [made] = await putDue(tenant, 0)
      expect(await claim(1_000_000)).toEqual([made])
      // Within what two clocks may differ it counts as a claim.
      expect(await claim(999_950)).toEqual([])
      expect(await claim(1)).toEqual([made])
      expect(await claim(2)).toEqual([])
    })

    test('are free again, and due when they say, once they were replaced', async () => {
      const tenant = await needsOne()
      const [made] = await putDue(tenant, 0)
      if (!made) throw new Error('one card')
      await claim(1)
      const next: CvvRotation = { ...made.rotation, version: 2 }
      await bench.put(replace(next))
      expect(await claim(2)).toEqual([{ ...made, rotation: next }])
      await bench.put(replace(rotated({ ...made, rotation: next })))
      expect(await claim(hourMs - 1)).toEqual([])
      expect(idsOf(await claim(hourMs))).toEqual([made.card.id])
    })

    test('are none that are stopped, and never were scheduled', async () => {
      const tenant = await needsOne()
      const [made] = await putDue(tenant, 0)
      if (!made) throw new Error('one card')
      const card = bench.records.issuedCard(tenant)
      await bench.put(
        { type: 'put-issued-card', card, rotation: bench.records.rotation(card) },
        replace({
          ...made.rotation,
          schedule: { ...made.rotation.schedule, intervalMs: undefined, nextAt: undefined },
          dueAt: undefined,
          version: 2,
        }),
      )
      expect(await claim(hourMs)).toEqual([])
    })

    test('go to one of several that claim at once', async () => {
      const tenant = await needsOne()
      const cards = await putDue(tenant, ...Array.from({ length: 90 }, (_, at) => at))
      const others = await Promise.all([1, 2, 3].map(() => bench.openAnother()))
      const wish = { at: after(100), until: after(200), limit: 10 }
      const claimed: RotatingCard[] = []
      // One that others are taking is passed over, so it may take another round.
      for (let turn = 0; turn < 12; turn++)
        claimed.push(
          ...(await Promise.all([bench.store, ...others].map((store) => store.claimRotations(wish)))).flat(),
        )
      expect(idsOf(claimed).toSorted(byNumber)).toEqual(idsOf(cards).toSorted(byNumber))
    })

    test('are shared out among issuers, and what one does not need goes to the others', async () => {
      const [many, few, one] = await setUp(3)
      if (!many || !few || !one) throw new Error('three tenants')
      await putDue(many, ...Array.from({ length: 40 }, (_, at) => at))
      await putDue(few, 30, 31, 32, 33)
      await putDue(one, 50)
      const shares = (cards: readonly RotatingCard[]) =>
        [many, few, one].map(({ id }) => cards.filter(({ card }) => card.tenantId === id).length)
      const first = await claim(60, { limit: 9 })
      expect(shares(first)).toEqual([4, 4, 1])
      expect(shares(await claim(60, { limit: 9 }))).toEqual([9, 0, 0])
      expect(shares(await claim(60, { limit: 100 }))).toEqual([27, 0, 0])
    })

    test('are claimed of one issuer alone where that is asked', async () => {
      const [mine, other] = await setUp(2)
      if (!mine || !other) throw new Error('two tenants')
      const cards = await putDue(mine, 1, 2)
      const foreign = await putDue(other, 0)
      expect(await claim(9, { tenantId: mine.id })).toEqual(cards)
      expect(await claim(9, { tenantId: bench.records.tenant().id })).toEqual([])
      expect(await claim(9)).toEqual(foreign)
    })

    test('are not claimed for no time at all', async () => {
      await putDue(await needsOne(), 0)
      await expect(claim(1, { until: after(1) })).rejects.toThrow('end after it begins')
    })

    test('are counted, claimed ones too, and it is told since when one waits', async () => {
      const { store } = bench
      const [mine, other, third] = await setUp(3)
      if (!mine || !other || !third) throw new Error('three tenants')
      await putDue(mine, 5, 3, 9)
      await putDue(other, 4, 1_000)
      const told = async (ms: number, of: Tenant | undefined) => [
        await store.oldestDueRotation(after(ms), of?.id),
        await store.countDueRotations(after(ms), of?.id),
      ]
      expect(await told(2, undefined)).toEqual([undefined, 0])
      expect(await told(3, undefined)).toEqual([after(3), 1])
      expect(await told(8, undefined)).toEqual([after(3), 3])
      expect(await told(8, mine)).toEqual([after(3), 2])
      expect(await told(8, other)).toEqual([after(4), 1])
      expect(await told(8, third)).toEqual([undefined, 0])
      await claim(8, { limit: 1 })
      expect(await told(8, undefined)).toEqual([after(4), 3])
      await claim(8)
      expect(await told(8, undefined)).toEqual([undefined, 3])
      // Claims ended, and nobody rotated them.
      expect(await told(108, mine)).toEqual([after(3), 3])
    })

    test('are given back by whoever claimed them, and by nobody else', async () => {
      const tenant = await needsOne()
      const cards = await putDue(tenant, 1, 2, 3, 4)
      const [first, second, third, fourth] = cards
      if (!first || !second || !third || !fourth) throw new Error('four cards')
      await claim(5, { limit: 3 })
      await claim(5, { until: after(200) })
      await bench.put({ type: 'replace-rotation', rotation: rotated(first) })
      await bench.store.releaseRotations([], after(105))
      await bench.store.releaseRotations(idsOf([first, second, fourth]), after(105))
      expect(idsOf(await claim(6))).toEqual([second.card.id])
      expect(idsOf(await claim(106))).toEqual([second.card.id, third.card.id])
    })
  })

  test('the coming rotations are counted by issuer, interval and span', async () => {
    const { store } = bench
    const [mine, other] = await setUp(2)
    if (!mine || !other) throw new Error('two tenants')
    const [first, second] = [mine, other].toSorted((a, b) => (a.id < b.id ? -1 : 1))
    if (!first || !second) throw new Error('two tenants')
    const hour = (no: number) => no * hourMs
    const start = bench.records.at - (bench.records.at % hourMs)
    const cards = [
      dueCard(first, hour(0)),
      dueCard(first, hour(0) + 1),
      dueCard(first, hour(0) + 2, 24),
      dueCard(second, hour(0) + 3),
      dueCard(first, hour(1)),
      dueCard(first, hour(2)),
    ]
    await bench.put(...cards.map((made): Change => ({ type: 'put-issued-card', ...made })))
    const spans = (tenantId: Tenant['id'] | undefined) =>
      store.rotationsAhead({ at: after(-1), until: after(hour(2)), stepMs: hourMs, tenantId })
    const span = (of: Tenant, hours: number, at: number, count: number) => ({
      ...{
        tenantId: of.id,
        intervalMs: hours * hourMs,
        isOverdue: false,
        at: start + hour(at),
        cards: count,
      },
    })
    const ofFirst = [span(first, 1, 0, 2), span(first, 24, 0, 1), span(first, 1, 1, 1)]
    expect(await spans(first.id)).toEqual(ofFirst)
    expect(await spans(undefined)).toEqual([
      ...ofFirst.slice(0, 2),
      span(second, 1, 0, 1),
      ...ofFirst.slice(2),
    ])
    expect(await spans(bench.records.tenant().id)).toEqual([])
  })

  test('what is overdue is counted where it comes after that, in step and as late as it was', async () => {
    const { store, records } = bench
    const tenant = await needsOne()
    const start = records.at - (records.at % hourMs) + 9 * hourMs
    const minute = hourMs / 60
    /** Next at so many minutes from the start, and due so many later. */
    const put = async (minutes: number, hours: number, lateBy = 0): Promise<void> => {
      const { card } = dueCard(tenant, 0)
      const nextAt = epochMs(start + minutes * minute)
      const schedule = {
        ...{ intervalMs: hours * hourMs, nextAt, lastScheduledAt: records.at, lastRotatedAt: records.at },
      }
      const dueAt = epochMs(nextAt + lateBy * minute)
      await bench.put({
        type: 'put-issued-card',
        card,
        rotation: records.rotation(card, { schedule, dueAt }),
      })
    }
    // It is twenty past.
    await put(-30, 1)
    await put(-45, 1)
    await put(20, 1)
    await put(-45, 1, 20)
    await put(21, 1)
    await put(-600, 4)
    const told = await store.rotationsAhead({
      ...{ at: epochMs(start + 20 * minute), until: epochMs(start + hourMs), stepMs: hourMs },
      tenantId: tenant.id,
    })
    const span = (hours: number, isOverdue: boolean, at: number, cards: number) => ({
      ...{ tenantId: tenant.id, intervalMs: hours * hourMs, isOverdue, at: start + at * hourMs, cards },
    })
    expect(told).toEqual([
      span(1, false, 0, 1),
      span(1, true, 0, 1),
      span(1, true, 1, 3),
      span(4, true, 2, 1),
    ])
  })

  test('rotations that are further ahead than their interval are found, and no others', async () => {
    const { store } = bench
    const tenant = await needsOne()
    const [near, far, limit, veryFar] = [
      dueCard(tenant, hourMs + 10),
      dueCard(tenant, hourMs + 11),
      dueCard(tenant, 24 * hourMs, 24),
      dueCard(tenant, 9_000 * hourMs, 24),
    ]
    await bench.put(
      ...[near, far, limit, veryFar].map((made): Change => ({ type: 'put-issued-card', ...made })),
    )
    const found = await store.farRotations(after(0), 10, 100)
    expect(found.toSorted((a, b) => a.cardId - b.cardId)).toEqual([far.rotation, veryFar.rotation])
    expect(await store.farRotations(after(0), 10, 1)).toHaveLength(1)
    expect(await store.farRotations(after(1), 10, 100)).toEqual([veryFar.rotation])
  })
}
