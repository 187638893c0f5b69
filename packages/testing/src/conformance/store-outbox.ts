import type { Change } from '@cardkeep/core/changes'
import { eventTypes, type VaultEvent } from '@cardkeep/core/events/event'
import type { Delivery, Webhook } from '@cardkeep/core/events/webhook'
import { type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { describe, expect, test } from 'vitest'
import { type Bench, conflict } from './bench.ts'

/** Webhooks, and what waits to be delivered to them. */
export const outboxConformance = (bench: Bench): void => {
  const after = (ms: number): EpochMs => epochMs(bench.records.at + ms)
  const emit = (event: VaultEvent): Change => ({ type: 'emit-event', event })
  const settle = ({ no }: Delivery): Change => ({ type: 'settle-delivery', no })
  const giveUp = ({ no }: Delivery, ms = 0): Change => ({
    type: 'give-up-delivery',
    no,
    attempts: 9,
    at: after(ms),
    failure: 'answered 500',
  })
  const replay = (no: number, ms = 0): Change => ({ type: 'replay-delivery', no, at: after(ms) })

  /** A tenant with one webhook. */
  const setUp = async (fields: Partial<Webhook> = {}): Promise<{ tenant: Tenant; webhook: Webhook }> => {
    const tenant = bench.records.tenant()
    const webhook = bench.records.webhook(tenant, fields)
    await bench.put({ type: 'put-tenant', tenant }, { type: 'put-webhook', webhook })
    return { tenant, webhook }
  }
  const eventsOf = (tenant: Tenant, subjectId: string, count: number): readonly VaultEvent[] =>
    Array.from({ length: count }, () =>
      bench.records.event(tenant, { subject: { type: 'token', id: subjectId } }),
    )
  const claim = (ms = 0, limit = 100): Promise<readonly Delivery[]> =>
    bench.store.claimDeliveries({ at: after(ms), until: after(ms + 100), limit })
  const idsOf = (list: readonly Delivery[]): readonly string[] => list.map(({ event }) => event.id)
  const needsOne = (list: readonly Delivery[]): Delivery => {
    const [only] = list
    if (!only || list.length > 1) throw new Error(`one delivery and not ${list.length}`)
    return only
  }

  describe('webhooks', () => {
    test('are read as they were put, listed for their tenant and for all', async () => {
      const { store, records, put } = bench
      const [mine, other] = [records.tenant(), records.tenant()]
      const plain = records.webhook(mine)
      const full = records.webhook(mine, {
        url: 'https://127.0.0.1:8443/events',
        events: eventTypes,
        form: 'hellgate',
        allowPrivate: true,
        ca: '-----BEGIN CERTIFICATE-----',
        createdAt: after(1),
        health: { failures: 3, pausedUntil: after(9) },
      })
      const foreign = records.webhook(other, { events: [], createdAt: after(2) })
      await put({ type: 'put-tenant', tenant: mine }, { type: 'put-tenant', tenant: other })
      for (const webhook of [foreign, full, plain]) await put({ type: 'put-webhook', webhook })
      expect(await store.webhook(full.id)).toEqual(full)
      expect(await store.webhook(records.id())).toBeUndefined()
      expect(await store.webhooks(mine.id)).toEqual([plain, full])
      expect(await store.webhooks(undefined)).toEqual([plain, full, foreign])
    })

    test('name each event once, in the order of the catalogue', async () => {
      const { webhook } = await setUp({ events: ['token.deleted', 'token.created', 'token.deleted'] })
      expect((await bench.store.webhook(webhook.id))?.events).toEqual(['token.created', 'token.deleted'])
    })

    test('have an id of their own, and a tenant', async () => {
      const { store, records } = bench
      const { webhook } = await setUp()
      for (const other of [webhook, records.webhook(records.tenant())])
        expect(await store.commit([{ type: 'put-webhook', webhook: other }])).toEqual(conflict('put-webhook'))
      expect(await store.webhooks(undefined)).toEqual([webhook])
    })

    test('have the health that was set last, and one that is gone is no conflict', async () => {
      const { webhook } = await setUp()
      const set = (id: Webhook['id'], health: Webhook['health']): Change => ({
        type: 'set-webhook-health',
        id,
        health,
      })
      await bench.put(
        set(webhook.id, { failures: 7, pausedUntil: after(5) }),
        set(webhook.id, { failures: 8, pausedUntil: undefined }),
        set(bench.records.id(), { failures: 1, pausedUntil: undefined }),
      )
      expect(await bench.store.webhook(webhook.id)).toEqual({
        ...webhook,
        health: { failures: 8, pausedUntil: undefined },
      })
    })

    test('take what waits and what was given up along when they are removed', async () => {
      const { tenant, webhook } = await setUp()
      const kept = bench.records.webhook(tenant)
      await bench.put({ type: 'put-webhook', webhook: kept })
      await bench.put(...eventsOf(tenant, bench.records.id(), 3).map(emit))
      await bench.put(...(await claim()).map((delivery) => giveUp(delivery)))
      await bench.put({ type: 'remove-webhook', id: webhook.id })
      expect(await bench.store.webhooks(tenant.id)).toEqual([kept])
      expect(await bench.store.outboxState()).toMatchObject({ waiting: 2, dead: 1 })
      expect(needsOne(await claim()).webhookId).toBe(kept.id)
      expect((await bench.store.deadDeliveries(undefined, 10)).map(({ webhookId }) => webhookId)).toEqual([
        kept.id,
      ])
      expect(await bench.store.commit([{ type: 'remove-webhook', id: webhook.id }])).toEqual(
        conflict('remove-webhook'),
      )
      await bench.put(emit(bench.records.event(tenant)))
      expect((await claim()).map(({ webhookId }) => webhookId)).toEqual([kept.id])
    })
  })

  describe('an event', () => {
    test('is delivered with all that it says', async () => {
      const { tenant, webhook } = await setUp()
      const event = bench.records.event(tenant, {
        type: 'token.deleted',
        data: { text: 'Zürich ☂ "1"', number: 1.5, flag: false, nothing: null },
      })
      await bench.put(emit(event))
      const delivery = needsOne(await claim())
      expect(delivery).toEqual({ no: delivery.no, webhookId: webhook.id, event, attempts: 0 })
    })

    test('goes to each webhook of its tenant that wants it, and to no other', async () => {
      const { records, put } = bench
      const { tenant, webhook } = await setUp()
      const { webhook: foreign } = await setUp()
      const second = records.webhook(tenant, { events: eventTypes })
      const third = records.webhook(tenant, { events: ['token.expired'] })
      await put({ type: 'put-webhook', webhook: second }, { type: 'put-webhook', webhook: third })
      await put(emit(records.event(tenant)))
      const claimed = await claim()
      expect(new Set(claimed.map(({ webhookId }) => webhookId))).toEqual(new Set([webhook.id, second.id]))
      expect(claimed).toHaveLength(2)
      expect(claimed.some(({ webhookId }) => webhookId === foreign.id)).toBe(false)
    })

    test('that nobody wants is no conflict and leaves nothing', async () => {
      const { records, put, store } = bench
      const { tenant } = await setUp({ events: [] })
      const stranger = records.tenant()
      await put({ type: 'put-tenant', tenant: stranger })
      await put(emit(records.event(tenant)), emit(records.event(stranger)))
      expect(await store.outboxState()).toEqual({ waiting: 0, oldestAt: undefined, dead: 0 })
      expect(await claim()).toEqual([])
    })

    test('is not told when its list is in conflict', async () => {
      const { tenant } = await setUp()
      const list: readonly Change[] = [emit(bench.records.event(tenant)), { type: 'put-tenant', tenant }]
      expect(await bench.store.commit(list)).toEqual(conflict('put-tenant'))
      expect(await bench.store.outboxState()).toMatchObject({ waiting: 0 })
    })

    test('is not due before it happened', async () => {
      const { tenant } = await setUp()
      await bench.put(emit(bench.records.event(tenant, { at: after(10) })))
      expect(await claim(9)).toEqual([])
      expect(await claim(10)).toHaveLength(1)
    })
  })

  describe('deliveries of one subject', () => {
    test('come one after the other, in the order of their events', async () => {
      const { tenant } = await setUp()
      const events = eventsOf(tenant, bench.records.id(), 5)
      // Two in one list, and one apart from another.
      await bench.put(...events.slice(0, 2).map(emit))
      for (const event of events.slice(2)) await bench.put(emit(event))
      const got: string[] = []
      for (let turn = 0; turn < events.length; turn++) {
        const delivery = needsOne(await claim())
        got.push(delivery.event.id)
        expect(await claim()).toEqual([])
        await bench.put(settle(delivery))
      }
      expect(got).toEqual(events.map(({ id }) => id))
      expect(await claim(200)).toEqual([])
    })

    test('hold nothing up of another subject or of another webhook', async () => {
      const { tenant, webhook } = await setUp()
      const second = bench.records.webhook(tenant)
      await bench.put({ type: 'put-webhook', webhook: second })
      const [a, b] = [eventsOf(tenant, bench.records.id(), 2), eventsOf(tenant, bench.records.id(), 2)]
      await bench.put(...[...a, ...b].map(emit))
      const claimed = await claim()
      expect(new Set(idsOf(claimed))).toEqual(new Set([a[0]?.id, b[0]?.id]))
      expect(claimed).toHaveLength(4)
      await bench.put(...claimed.filter(({ webhookId }) => webhookId === second.id).map(settle))
      const next = await claim()
      expect(next.map(({ webhookId }) => webhookId)).toEqual([second.id, second.id])
      expect(new Set(idsOf(next))).toEqual(new Set([a[1]?.id, b[1]?.id]))
      expect(next.some(({ webhookId }) => webhookId === webhook.id)).toBe(false)
    })

    test('wait while the first of them is due only later', async () => {
      const { tenant } = await setUp()
      const [first, second] = eventsOf(tenant, bench.records.id(), 2)
      if (!first || !second) throw new Error('two events')
      await bench.put(emit(first), emit(second))
      const { no } = needsOne(await claim())
      await bench.put({ type: 'delay-delivery', no, attempts: 1, dueAt: after(500), failure: 'hangs' })
      expect(await claim(499)).toEqual([])
      const again = needsOne(await claim(500))
      expect(again).toEqual({ ...again, no, event: first, attempts: 1 })
      await bench.put(settle(again))
      expect(idsOf(await claim(500))).toEqual([second.id])
    })

    test('go on when the first of them is given up', async () => {
      const { tenant } = await setUp()
      const events = eventsOf(tenant, bench.records.id(), 3)
      await bench.put(...events.map(emit))
      for (const event of events) {
        const delivery = needsOne(await claim())
        expect(delivery.event).toEqual(event)
        await bench.put(giveUp(delivery))
      }
      expect(await claim(1_000)).toEqual([])
    })

    test('have numbers that grow and are never used again', async () => {
      const { tenant } = await setUp()
      let highest = 0
      for (const end of [settle, giveUp]) {
        for (let turn = 0; turn < 3; turn++) {
          await bench.put(emit(bench.records.event(tenant)))
          const delivery = needsOne(await claim())
          expect(delivery.no).toBeGreaterThan(highest)
          highest = delivery.no
          await bench.put(end(delivery))
        }
        await bench.put({ type: 'purge-dead-deliveries', before: after(1) })
      }
    })
  })

  describe('a claim', () => {
    test('takes no more than it asks for, and nobody gets the same until it runs out', async () => {
      const { tenant } = await setUp()
      const events = Array.from({ length: 5 }, () => bench.records.event(tenant))
      await bench.put(...events.map(emit))
      const first = await claim(0, 3)
      expect(first).toHaveLength(3)
      const rest = await claim(50, 3)
      expect(new Set(idsOf([...first, ...rest]))).toEqual(new Set(events.map(({ id }) => id)))
      expect(await claim(99)).toEqual([])
      expect(new Set(idsOf(await claim(100)))).toEqual(new Set(idsOf(first)))
      expect(new Set(idsOf(await claim(150)))).toEqual(new Set(idsOf(rest)))
    })

    test('of several at once, here and in another store, never shares a delivery', async () => {
      const { tenant } = await setUp()
      await bench.put(...Array.from({ length: 60 }, () => emit(bench.records.event(tenant))))
      const another = await bench.openAnother()
      const claims = await Promise.all(
        Array.from({ length: 12 }, (_, at) =>
          (at % 2 ? another : bench.store).claimDeliveries({ at: after(0), until: after(9), limit: 7 }),
        ),
      )
      const nos = claims.flat().map(({ no }) => no)
      expect(nos).toHaveLength(60)
      expect(new Set(nos).size).toBe(60)
      expect(claims.every((list) => list.length <= 7)).toBe(true)
    })

    test('gives every webhook a share, and what one does not need to the others', async () => {
      const { tenant: busy, webhook } = await setUp()
      const { tenant: calm, webhook: other } = await setUp()
      await bench.put(...Array.from({ length: 40 }, () => emit(bench.records.event(busy))))
      await bench.put(...Array.from({ length: 2 }, () => emit(bench.records.event(calm, { at: after(1) }))))
      const claimed = (await claim(1, 10)).map(({ webhookId }) => webhookId)
      expect(claimed.filter((id) => id === other.id)).toHaveLength(2)
      expect(claimed.filter((id) => id === webhook.id)).toHaveLength(8)
      const two = await claim(1, 1)
      expect(two).toHaveLength(1)
    })

    test('passes over a webhook that is paused until its pause ends', async () => {
      const { tenant, webhook } = await setUp()
      await bench.put(emit(bench.records.event(tenant)), emit(bench.records.event(tenant)))
      await bench.put({
        type: 'set-webhook-health',
        id: webhook.id,
        health: { failures: 5, pausedUntil: after(1_000) },
      })
      expect(await claim(999)).toEqual([])
      expect(await claim(1_000)).toHaveLength(2)
    })

    test('that would end before it begins is a mistake', async () => {
      const { tenant } = await setUp()
      await bench.put(emit(bench.records.event(tenant)))
      await expect(bench.store.claimDeliveries({ at: after(5), until: after(5), limit: 1 })).rejects.toThrow(
        'end after it begins',
      )
    })
  })

  describe('deliveries that are gone', () => {
    test('are no conflict for whoever ends them once more', async () => {
      const { tenant } = await setUp()
      await bench.put(emit(bench.records.event(tenant)))
      const delivery = needsOne(await claim())
      const delay: Change = {
        type: 'delay-delivery',
        no: delivery.no,
        attempts: 2,
        dueAt: after(1),
        failure: 'late',
      }
      await bench.put(settle(delivery))
      await bench.put(settle(delivery), delay, giveUp(delivery))
      expect(await bench.store.outboxState()).toEqual({ waiting: 0, oldestAt: undefined, dead: 0 })
    })

    test('leave the next of their subject alone when their end comes late', async () => {
      const { tenant } = await setUp()
      const [first, second, third] = eventsOf(tenant, bench.records.id(), 3)
      if (!first || !second || !third) throw new Error('three events')
      await bench.put(...[first, second, third].map(emit))
      const delivery = needsOne(await claim())
      await bench.put(settle(delivery))
      expect(idsOf(await claim())).toEqual([second.id])
      await bench.put(settle(delivery), giveUp(delivery))
      expect(await claim()).toEqual([])
    })
  })

  describe('dead deliveries', () => {
    test('are listed newest first, for a tenant and for all, with why', async () => {
      const { tenant, webhook } = await setUp()
      const { tenant: other } = await setUp()
      const dead: Delivery[] = []
      for (const [turn, of] of [tenant, other, tenant].entries()) {
        await bench.put(emit(bench.records.event(of)))
        const delivery = needsOne(await claim(turn))
        await bench.put(giveUp(delivery, turn))
        dead.push(delivery)
      }
      const [first, second, third] = dead
      const listed = await bench.store.deadDeliveries(tenant.id, 10)
      expect(listed.map(({ no }) => no)).toEqual([third?.no, first?.no])
      expect(listed[1]).toEqual({
        no: first?.no,
        webhookId: webhook.id,
        event: first?.event,
        attempts: 9,
        deadAt: after(0),
        failure: 'answered 500',
      })
      const all = await bench.store.deadDeliveries(undefined, 10)
      expect(all.map(({ no }) => no)).toEqual([third?.no, second?.no, first?.no])
      expect(await bench.store.deadDeliveries(undefined, 2)).toEqual(all.slice(0, 2))
    })

    test('begin again with their number, before what came after them', async () => {
      const { tenant } = await setUp()
      const [first, second] = eventsOf(tenant, bench.records.id(), 2)
      if (!first || !second) throw new Error('two events')
      await bench.put(emit(first), emit(second))
      const dead = needsOne(await claim())
      await bench.put(giveUp(dead))
      await bench.put(replay(dead.no, 10))
      expect(await bench.store.deadDeliveries(undefined, 10)).toEqual([])
      expect(await claim(9)).toEqual([])
      const again = needsOne(await claim(10))
      expect(again).toEqual({ ...dead, attempts: 0 })
      await bench.put(settle(again))
      expect(idsOf(await claim(10))).toEqual([second.id])
    })

    test('do not open what another has in flight to a second one', async () => {
      const { tenant } = await setUp()
      const [first, second] = eventsOf(tenant, bench.records.id(), 2)
      if (!first || !second) throw new Error('two events')
      await bench.put(emit(first), emit(second))
      const dead = needsOne(await claim())
      await bench.put(giveUp(dead))
      expect(idsOf(await claim())).toEqual([second.id])
      await bench.put(replay(dead.no))
      await bench.put(settle(needsOne(await claim())))
      expect(await claim(99)).toEqual([])
      expect(idsOf(await claim(100))).toEqual([second.id])
    })

    test('are replayed once, and none that waits or never was', async () => {
      const { tenant } = await setUp()
      await bench.put(emit(bench.records.event(tenant)))
      const { no } = needsOne(await claim())
      for (const wrong of [no, no + 1])
        expect(await bench.store.commit([replay(wrong)])).toEqual(conflict('replay-delivery'))
      await bench.put(giveUp({ no } as Delivery))
      const results = await Promise.all([1, 2, 3].map(() => bench.store.commit([replay(no)])))
      expect(results.filter(({ ok }) => ok)).toHaveLength(1)
      expect(await bench.store.outboxState()).toMatchObject({ waiting: 1, dead: 0 })
    })

    test('are removed once they are old', async () => {
      const { tenant } = await setUp()
      for (const ms of [0, 5]) {
        await bench.put(emit(bench.records.event(tenant)))
        await bench.put(giveUp(needsOne(await claim(ms)), ms))
      }
      await bench.put({ type: 'purge-dead-deliveries', before: after(5) })
      expect((await bench.store.deadDeliveries(undefined, 10)).map(({ deadAt }) => deadAt)).toEqual([
        after(5),
      ])
    })
  })

  test('the state of the outbox says how much waits, since when, and how much is dead', async () => {
    const { tenant } = await setUp()
    for (const ms of [1, 2, 3]) await bench.put(emit(bench.records.event(tenant, { at: after(ms) })))
    expect(await bench.store.outboxState()).toEqual({ waiting: 3, oldestAt: after(1), dead: 0 })
    await bench.put(giveUp(needsOne(await claim(1))))
    expect(await bench.store.outboxState()).toEqual({ waiting: 2, oldestAt: after(2), dead: 1 })
  })
}
