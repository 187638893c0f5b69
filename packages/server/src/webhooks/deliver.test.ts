import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { UnavailableError } from '@cardkeep/core/errors'
import type { Delivery, Webhook } from '@cardkeep/core/events/webhook'
import { Secret } from '@cardkeep/core/kernel/secret'
import { dayMs, epochMs, hourMs, minuteMs, secondMs } from '@cardkeep/core/kernel/time'
import type { AdmittedForward, Parcel, SendOutcome, Store } from '@cardkeep/core/ports'
import { createFixedClock } from '@cardkeep/testing/clock'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { afterEach, describe, expect, test } from 'vitest'
import { admitForward } from '../egress/admit.ts'
import type { Log } from '../log/log.ts'
import { openSqliteStore } from '../storage/sqlite/store.ts'
import { createDeliverer } from './deliver.ts'

const closings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closings.splice(0)) await close()
})

type Send = (forward: AdmittedForward, parcel: Parcel) => SendOutcome | Promise<SendOutcome>

const answers = (status: number, headers: Record<string, string> = {}): SendOutcome => ({
  type: 'answered',
  answer: { status, headers, body: { type: 'text', text: '' } },
})
const ok = answers(204)
const timedOut: SendOutcome = { type: 'refused', refusal: { type: 'ForwardTimedOut', sent: 'unknown' } }

const openTestSecret = async () => new Secret(`whsec_${Buffer.alloc(32, 1).toString('base64')}`)

const open = async (send: Send) => {
  const file = join(makeWorkspace().path, 'data', 'cardkeep.db')
  const store = await openSqliteStore({ file })
  const records = createRecords()
  const clock = createFixedClock()
  const scope = records.scope()
  const tenant = records.tenant({ defaultScopeId: scope.id })
  await store.commit([
    { type: 'put-scope', scope },
    { type: 'put-tenant', tenant },
  ])
  const logged: string[] = []
  const write = (event: string): void => void logged.push(event)
  const log: Log = { info: write, warn: write, error: write }
  const sealed = { now: false }
  const sent: { readonly url: string; readonly id: string }[] = []
  const make = (own: Partial<Store> = {}, openSecret = openTestSecret) => {
    const deliverer = createDeliverer({
      store: { ...store, ...own },
      egress: {
        admit: admitForward,
        send: async (forward, parcel) => {
          sent.push({ url: forward.url.href, id: forward.headers['webhook-id'] ?? '' })
          return send(forward, parcel)
        },
      },
      openSecret,
      clock,
      chance: () => 0.5,
      isSealed: () => sealed.now,
      ended: () => undefined,
      log,
    })
    /** Until nothing is left to do now. */
    const run = async (): Promise<void> => {
      for (let idle = 0; idle < 3; idle++) {
        const had = sent.length
        if (await deliverer.round()) idle = -1
        await nextTurn()
        if (sent.length > had) idle = -1
      }
    }
    return { deliverer, run }
  }
  const claims: Delivery[] = []
  const made = make({
    claimDeliveries: async (wish) => {
      const claimed = await store.claimDeliveries(wish)
      claims.push(...claimed)
      return claimed
    },
  })
  // What a test leaves hanging is not waited for.
  closings.push(() => store.close())
  return {
    ...made,
    make,
    file,
    store,
    clock,
    records,
    tenant,
    sent,
    claims,
    sealed,
    logged,
    addWebhook: async (fields: Partial<Webhook> = {}): Promise<Webhook> => {
      const webhook = records.webhook(tenant, { url: 'https://shop.example/events', ...fields })
      await store.commit([{ type: 'put-webhook', webhook }])
      return webhook
    },
    /** Events of one subject, or each of its own. */
    emit: async (count: number, subject?: string): Promise<readonly string[]> => {
      const events = Array.from({ length: count }, () => {
        const event = records.event(tenant, { type: 'token.created', at: clock.now() })
        return subject === undefined ? event : { ...event, subject: { type: 'token' as const, id: subject } }
      })
      await store.commit(events.map((event) => ({ type: 'emit-event', event })))
      return events.map(({ id }) => id)
    },
    waiting: async () => (await store.outboxState()).waiting,
  }
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await nextTurn()
}

const subject = '000000cc-0000-4000-8000-000000000001'

describe('an event', () => {
  test('is delivered once to each webhook that wants it, and then waits no more', async () => {
    const { run, addWebhook, emit, sent, waiting } = await open(() => ok)
    await addWebhook({ url: 'https://one.example/' })
    await addWebhook({ url: 'https://two.example/' })
    await addWebhook({ url: 'https://other.example/', events: ['token.deleted'] })
    const [id] = await emit(1)
    await run()
    expect(sent.toSorted((a, b) => a.url.localeCompare(b.url))).toEqual([
      { url: 'https://one.example/', id },
      { url: 'https://two.example/', id },
    ])
    expect(await waiting()).toBe(0)
  })

  test('carries neither a card number nor a code into the egress, and goes by POST', async () => {
    const parcels: Parcel[] = []
    const { run, addWebhook, emit } = await open((forward, parcel) => {
      expect(forward.method).toBe('POST')
      parcels.push(parcel)
      return ok
    })
    await addWebhook()
    await emit(1)
    await run()
    expect(parcels).toMatchObject([{ pan: undefined, accountNumber: undefined, code: undefined }])
  })

  test('of a subject waits for the one before it, and comes when that is taken', async () => {
    const outcomes = [answers(500), ok, ok, ok]
    const { run, addWebhook, emit, sent, clock } = await open(() => outcomes.shift() ?? ok)
    await addWebhook()
    const [first, second, third] = await emit(3, subject)
    await run()
    expect(sent.map(({ id }) => id)).toEqual([first])
    clock.advance(10 * secondMs)
    await run()
    expect(sent.map(({ id }) => id)).toEqual([first, first, second, third])
  })

  test('of another subject does not wait', async () => {
    let poisoned = ''
    const { run, addWebhook, emit, sent, waiting } = await open((forward) =>
      forward.headers['webhook-id'] === poisoned ? answers(500) : ok,
    )
    await addWebhook()
    poisoned = (await emit(2, subject))[0] ?? ''
    await emit(3)
    await run()
    expect(sent).toHaveLength(4)
    expect(await waiting()).toBe(2)
  })

  test.each([
    ['an error', answers(500), 'answered 500'],
    [
      'a redirect',
      answers(307, { location: 'https://elsewhere.example/' }),
      'answered 307, and redirects are not followed',
    ],
    ['nothing in time', timedOut, 'no answer in time'],
    [
      'an end in the middle',
      { type: 'refused', refusal: { type: 'ForwardFailed', sent: 'unknown', reason: 'connection lost' } },
      'connection lost',
    ],
  ] as const)(
    'that meets %s is tried for three days and then given up, with the reason',
    async (_, outcome, reason) => {
      const { run, addWebhook, emit, sent, clock, store, waiting } = await open(() => outcome)
      await addWebhook()
      const [id] = await emit(1)
      const began = clock.now()
      while ((await waiting()) > 0) {
        await run()
        clock.advance(10 * minuteMs)
      }
      const [dead] = await store.deadDeliveries(undefined, 10)
      expect(dead).toMatchObject({ event: { id }, attempts: sent.length, failure: reason })
      expect(sent.length).toBeGreaterThan(15)
      expect(((dead?.deadAt ?? 0) - began) / dayMs).toBeGreaterThan(2.9)
      // Pauses of the endpoint come on top of the schedule.
      expect(((dead?.deadAt ?? 0) - began) / dayMs).toBeLessThan(3.5)
    },
  )

  test('is taken by the answer that the form of its webhook wants, and by no other', async () => {
    const { run, addWebhook, store, records, tenant, sent, clock, waiting } = await open(() => ok)
    await addWebhook({ form: 'hellgate' })
    const data = { type: 'card', bin: '400000', last4: '0002', length: 16, scheme: 'visa' }
    const event = records.event(tenant, { data, at: clock.now() })
    await store.commit([{ type: 'emit-event', event }])
    await run()
    expect([sent.length, await waiting()]).toEqual([1, 1])
    clock.advance(10 * secondMs)
    await run()
    expect([sent.length, await waiting()]).toEqual([2, 1])
  })

  test('for which the form of its webhook has no words is passed over, and says nothing of the endpoint', async () => {
    const { run, addWebhook, store, clock, records, tenant, sent, waiting } = await open(() => ok)
    const { id, health } = await addWebhook({
      form: 'hellgate',
      health: { failures: 3, pausedUntil: undefined },
    })
    const event = records.event(tenant, { data: { type: 'bank', last4: '6789' }, at: clock.now() })
    await store.commit([{ type: 'emit-event', event }])
    await run()
    expect(sent).toEqual([])
    expect(await waiting()).toBe(0)
    expect((await store.webhook(id))?.health).toEqual(health)
  })

  test('to a private address is refused before any connection, and says so when it is given up', async () => {
    const { run, addWebhook, emit, sent, clock, store, waiting } = await open(() => ok)
    await addWebhook({ url: 'https://10.0.0.1/hook' })
    await emit(1)
    while ((await waiting()) > 0) {
      await run()
      clock.advance(hourMs)
    }
    expect(sent).toEqual([])
    expect(await store.deadDeliveries(undefined, 10)).toMatchObject([{ failure: 'address refused' }])
  })

  test('that was given up and is replayed has its three days again', async () => {
    let outcome = answers(410)
    const { run, addWebhook, emit, sent, clock, store, waiting } = await open(() => outcome)
    await addWebhook()
    const [id] = await emit(1)
    await run()
    clock.advance(9 * dayMs)
    const [dead] = await store.deadDeliveries(undefined, 10)
    await store.commit([{ type: 'replay-delivery', no: dead?.no ?? 0, at: clock.now() }])
    outcome = answers(500)
    await run()
    expect(await waiting()).toBe(1)
    outcome = ok
    clock.advance(hourMs)
    await run()
    expect(await waiting()).toBe(0)
    expect(sent.map((one) => one.id)).toEqual([id, id, id])
  })
})

describe('an endpoint', () => {
  test('that hangs does not hold up another, and has a bounded number of requests at a time', async () => {
    const hanging = Promise.withResolvers<SendOutcome>()
    const { run, addWebhook, emit, sent, waiting, claims } = await open((forward) =>
      forward.url.hostname === 'slow.example' ? hanging.promise : ok,
    )
    const slow = await addWebhook({ url: 'https://slow.example/' })
    await addWebhook({ url: 'https://fast.example/' })
    await emit(1_000)
    await run()
    expect(sent.filter(({ url }) => url === 'https://fast.example/')).toHaveLength(1_000)
    expect(sent.filter(({ url }) => url === 'https://slow.example/')).toHaveLength(8)
    expect(await waiting()).toBe(1_000)
    expect(claims.filter(({ webhookId }) => webhookId === slow.id).length).toBeLessThan(64 + 64)
    hanging.resolve(ok)
    await nextTurn()
    await run()
    expect(await waiting()).toBe(0)
  })

  test('gets more at a time with each that it takes, up to a bound', async () => {
    let underWay = 0
    let most = 0
    const { run, addWebhook, emit, waiting } = await open(async () => {
      most = Math.max(most, ++underWay)
      await turns(200)
      underWay--
      return ok
    })
    await addWebhook()
    await emit(1_000)
    await run()
    while ((await waiting()) > 0) await run()
    expect(most).toBe(64)
  })

  test('that fails five times in a row is sent nothing for half a minute, and then one delivery', async () => {
    let outcome = answers(503)
    const { run, addWebhook, emit, sent, clock, store, waiting, logged } = await open(() => outcome)
    const { id } = await addWebhook()
    await emit(40)
    await run()
    const before = sent.length
    expect(before).toBeGreaterThanOrEqual(5)
    expect(before).toBeLessThan(40)
    expect((await store.webhook(id))?.health).toEqual({
      failures: 5,
      pausedUntil: clock.now() + 30 * secondMs,
    })
    expect(logged).toContain('webhook.paused')

    clock.advance(29 * secondMs)
    await run()
    expect(sent).toHaveLength(before)

    clock.advance(2 * secondMs)
    await run()
    expect(sent).toHaveLength(before + 1)
    expect((await store.webhook(id))?.health).toEqual({ failures: 6, pausedUntil: clock.now() + minuteMs })

    clock.advance(2 * minuteMs)
    outcome = ok
    await run()
    expect((await store.webhook(id))?.health).toEqual({ failures: 0, pausedUntil: undefined })
    expect(await waiting()).toBe(0)
  })

  test('that is dead lets all that waits for it be given up, and not only what was sent as a probe', async () => {
    const { run, addWebhook, emit, sent, clock, store, waiting } = await open(() => answers(500))
    await addWebhook()
    await emit(600)
    for (let hours = 0; hours < 24 * 6 && (await waiting()) > 0; hours++) {
      await run()
      clock.advance(hourMs)
    }
    expect(await waiting()).toBe(0)
    expect((await store.outboxState()).dead).toBe(600)
    expect(sent.length).toBeLessThan(900)
  })

  test('that asks for time gets it, and nothing that was not sent counts as failed', async () => {
    let outcome = answers(429, { 'retry-after': '60' })
    const { run, addWebhook, emit, sent, clock, store, waiting, claims } = await open(() => outcome)
    const { id } = await addWebhook()
    await emit(400)
    await run()
    const first = sent.length
    expect(first).toBeLessThanOrEqual(8)
    expect((await store.webhook(id))?.health).toEqual({ failures: 1, pausedUntil: clock.now() + minuteMs })
    claims.splice(0)
    outcome = ok
    clock.advance(minuteMs)
    await run()
    expect(sent).toHaveLength(first + 400)
    expect(await waiting()).toBe(0)
    expect(claims.filter(({ attempts }) => attempts > 0)).toHaveLength(first)
  })

  test('that says that it is gone is paused for a day, and what waits for it is given up at once', async () => {
    const { run, addWebhook, emit, sent, clock, store } = await open(() => answers(410))
    const { id } = await addWebhook()
    await emit(400)
    await run()
    expect(await store.outboxState()).toMatchObject({ waiting: 0, dead: 400 })
    expect(sent.length).toBeLessThanOrEqual(3)
    expect((await store.webhook(id))?.health.pausedUntil).toBe(clock.now() + dayMs)
  })
})

describe('a vault', () => {
  test('that is sealed delivers nothing, not even what it had claimed', async () => {
    const first = Promise.withResolvers<SendOutcome>()
    const { run, addWebhook, emit, sent, sealed, waiting, clock, claims } = await open(() => first.promise)
    await addWebhook()
    await emit(200)
    await run()
    expect(sent).toHaveLength(8)
    sealed.now = true
    const claimed = claims.length
    first.resolve(ok)
    await run()
    expect(sent).toHaveLength(8)
    expect(await waiting()).toBe(192)
    expect(claims).toHaveLength(claimed)
    sealed.now = false
    clock.advance(3 * minuteMs)
    // The claims have run out meanwhile, and all of it is claimed again.
    for (let runs = 0; runs < 10; runs++) await run()
    expect(await waiting()).toBe(0)
  })

  test('that is sealed claims nothing, so that all is due at once when it is open', async () => {
    const { run, addWebhook, emit, sealed, claims, waiting } = await open(() => ok)
    await addWebhook()
    sealed.now = true
    await emit(3)
    await run()
    expect(claims).toEqual([])
    sealed.now = false
    await run()
    expect(await waiting()).toBe(0)
  })

  test('that cannot write how a delivery ended keeps it and writes it later', async () => {
    let isBroken = false
    const { make, store, addWebhook, emit, sent, waiting } = await open(() => ok)
    const { run, deliverer } = make({
      commit: (changes) => {
        if (isBroken) throw new UnavailableError('a full disk')
        return store.commit(changes)
      },
    })
    await addWebhook()
    await emit(3)
    await deliverer.round()
    await nextTurn()
    isBroken = true
    await expect(deliverer.round()).rejects.toThrow('a full disk')
    isBroken = false
    await run()
    expect(await waiting()).toBe(0)
    expect(sent).toHaveLength(3)
  })

  test('that dies after sending leaves the delivery to the next one, which sends it again', async () => {
    const { make, deliverer, addWebhook, emit, sent, waiting, clock } = await open(() => ok)
    await addWebhook()
    const [id] = await emit(1)
    // It never comes to its next round.
    await deliverer.round()
    await nextTurn()
    const next = make()
    await next.run()
    expect(sent).toHaveLength(1)
    clock.advance(3 * minuteMs)
    await next.run()
    expect(sent.map((one) => one.id)).toEqual([id, id])
    expect(await waiting()).toBe(0)
  })

  test('that shares its database with another one delivers nothing that the other has', async () => {
    const { run, make, file, addWebhook, emit, sent, waiting } = await open(async () => {
      await nextTurn()
      return ok
    })
    const other = await openSqliteStore({ file })
    closings.push(() => other.close())
    await addWebhook()
    const ids = await emit(600)
    await Promise.all([run(), make(other).run()])
    await run()
    expect(sent.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
    expect(await waiting()).toBe(0)
  })

  test('that stops sends no more, waits for what is under way, and leaves the rest due', async () => {
    const first = Promise.withResolvers<SendOutcome>()
    const { deliverer, make, addWebhook, emit, sent, waiting } = await open(() => first.promise)
    await addWebhook()
    await emit(100)
    await deliverer.round()
    await turns(10)
    const stopped = deliverer.stop()
    await nextTurn()
    first.resolve(ok)
    await stopped
    expect(sent).toHaveLength(8)
    expect(await waiting()).toBe(92)
    await make().run()
    expect(await waiting()).toBe(0)
  })

  test('delivers to one that answers while many others hang that have failed before', async () => {
    const hangs = new Promise<SendOutcome>(() => undefined)
    const { deliverer, addWebhook, emit, sent, clock } = await open((forward) =>
      forward.url.hostname === 'good.example' ? ok : hangs,
    )
    // Their pauses end one after the other, so that each finds all the room there is.
    for (let at = 0; at < 40; at++)
      await addWebhook({
        url: `https://bad${at}.example/`,
        health: { failures: 5, pausedUntil: epochMs(clock.now() + 100 * at) },
      })
    await emit(70)
    for (let at = 0; at < 40; at++) {
      await deliverer.round()
      clock.advance(100)
    }
    await deliverer.round()
    await addWebhook({ url: 'https://good.example/' })
    await emit(10)
    for (let round = 0; round < 10; round++) {
      await deliverer.round()
      await turns(10)
    }
    expect(sent.filter(({ url }) => url === 'https://good.example/')).toHaveLength(10)
    // One each: it shows whether the endpoint is back.
    expect(sent).toHaveLength(40 + 10)
  })

  test('keeps a pause through an outage of the database in which its endpoint failed', async () => {
    const { make, store, addWebhook, emit, logged } = await open(() => answers(500))
    let isAway = false
    const { deliverer } = make({
      commit: async (changes) => {
        if (isAway) throw new UnavailableError('the disk is full')
        return store.commit(changes)
      },
    })
    const { id } = await addWebhook()
    await emit(5)
    await deliverer.round()
    isAway = true
    await turns(20)
    await expect(deliverer.round()).rejects.toThrow(UnavailableError)
    expect(logged).toContain('webhook.paused')
    isAway = false
    await deliverer.round()
    expect((await store.webhook(id))?.health).toMatchObject({ failures: 5, pausedUntil: expect.any(Number) })
  })

  test('settles many deliveries in few commits', async () => {
    let commits = 0
    const { make, store, addWebhook, emit, waiting } = await open(() => ok)
    const { deliverer } = make({
      commit: (changes) => {
        commits++
        return store.commit(changes)
      },
    })
    await addWebhook()
    await emit(1_000)
    // As the outbox does, which waits some milliseconds between rounds.
    while ((await waiting()) > 0) {
      await deliverer.round()
      await turns(100)
    }
    expect(commits).toBeLessThan(60)
  })

  test('that could not open a signing secret once asks for it again', async () => {
    let asked = 0
    const { make, addWebhook, emit, sent } = await open(() => ok)
    const { run } = make({}, async () => {
      if (++asked === 1) throw new UnavailableError('the key service is away')
      return new Secret('whsec_')
    })
    await addWebhook()
    await emit(50)
    await run()
    expect(sent.length).toBeGreaterThan(40)
  })

  test('that cannot open a signing secret now tries later, and counts no attempt', async () => {
    const { make, store, addWebhook, emit, sent, waiting, clock } = await open(() => ok)
    let isAway = true
    const { run } = make()
    await addWebhook({ url: 'https://shop.example/' })
    await emit(1)
    const withAway = createDeliverer({
      store,
      egress: { admit: admitForward, send: async () => ok },
      openSecret: async () => {
        if (isAway) throw new UnavailableError('the key service is away')
        return new Secret('whsec_')
      },
      clock,
      chance: () => 0.5,
      isSealed: () => false,
      ended: () => undefined,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    })
    await withAway.round()
    await nextTurn()
    await withAway.round()
    const [claimed] = await store.claimDeliveries({
      at: epochMs(clock.now() + minuteMs),
      until: epochMs(clock.now() + 2 * minuteMs),
      limit: 1,
    })
    expect(claimed?.attempts).toBe(0)
    isAway = false
    clock.advance(3 * minuteMs)
    await run()
    expect(sent).toHaveLength(1)
    expect(await waiting()).toBe(0)
  })
})
