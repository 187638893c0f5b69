import type { Webhook } from '@cardkeep/core/events/webhook'
import type { WebhookId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { hourMs, minuteMs } from '@cardkeep/core/kernel/time'
import { createWebhook } from '@cardkeep/core/operations/administration/change-webhooks'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { addTenant, openTestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { answer, type Behaviour, type ProviderRequest } from '@cardkeep/testing/provider/behaviours'
import { type Provider, startProvider } from '@cardkeep/testing/provider/provider'
import { Webhook as Receiver } from 'standardwebhooks'
import { afterEach, expect, test, vi } from 'vitest'
import { createEgress } from '../egress/egress.ts'
import { createWebhookSealer } from '../keys/webhook-sealer.ts'
import type { Log } from '../log/log.ts'
import { standardForm } from './forms/standard.ts'
import { createOutbox, webhookEgress } from './outbox.ts'
import { watchEvents } from './watch-events.ts'

/* The whole way from a commit to a receiver: real connections, real TLS, real keys; only the clock is the test's. */

const closings: (() => Promise<unknown>)[] = []
const closeAll = async (): Promise<void> => {
  for (const close of closings.splice(0).toReversed()) await close()
}
afterEach(closeAll)

const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }

const openNothing = async (): Promise<never> => {
  throw new Error('a webhook was asked for a client key or a header')
}

const startReceiver = async (
  behaviour: Behaviour,
): Promise<Provider & { readonly taken: ProviderRequest[] }> => {
  const taken: ProviderRequest[] = []
  const provider = await startProvider({
    answers: {
      '/hook': (request, response) => {
        taken.push(request)
        behaviour(request, response)
      },
    },
  })
  closings.push(() => provider.close())
  return { ...provider, taken }
}

const take: Behaviour = (_, response) => answer(response, 204, 'text/plain', '')
const fail: Behaviour = (_, response) => answer(response, 500, 'text/plain', 'SECRET of the receiver')

const open = async (totalMs = webhookEgress.timeouts.totalMs) => {
  const vault = await openTestVault()
  closings.push(() => vault.close())
  const { store, clock, ids, keyring } = vault
  // Certificates are good and signatures are fresh by the time of the machine.
  clock.step(Date.now() - clock.now())
  const tenant = await addTenant(vault, 'shop', { environment: 'test' })
  const records = createRecords()
  const sealer = createWebhookSealer(keyring)
  const egress = createEgress({
    timeouts: { ...webhookEgress.timeouts, totalMs },
    limits: webhookEgress.limits,
    openClientKey: openNothing,
    openHeader: openNothing,
  })
  closings.push(() => egress.close())

  const start = () => {
    const outbox = createOutbox({
      store,
      egress,
      clock,
      log: silent,
      openSecret: (webhook) => sealer.open(webhook, webhook.sealedSecret),
      chance: () => 0.5,
      isSealed: () => false,
    })
    outbox.start()
    closings.push(outbox.stop)
    return outbox
  }

  const addWebhook = async (url: string, parts: Partial<Pick<Webhook, 'ca' | 'allowPrivate'>> = {}) => {
    const id = ids.uuid() as WebhookId
    const secret = standardForm.makeSecret()
    const made = await createWebhook({ store, clock, keys: keyring }, testOperator, tenant, {
      id,
      url,
      events: ['token.created'],
      form: 'standard',
      allowPrivate: true,
      ca: undefined,
      ...parts,
      sealSecret: () => sealer.seal({ tenantId: tenant.id, id }, secret),
    })
    if (!made.ok) throw new Error('a test could not make its webhook')
    return { id, receiver: new Receiver(openSecret(secret, 'hand out')) }
  }

  const emit = async (count: number, subject?: string, through = store): Promise<readonly string[]> => {
    const events = Array.from({ length: count }, () => {
      const event = records.event(tenant, { type: 'token.created', at: clock.now() })
      return subject === undefined ? event : { ...event, subject: { type: 'token' as const, id: subject } }
    })
    await through.commit(events.map((event) => ({ type: 'emit-event', event })))
    return events.map(({ id }) => id)
  }

  /** Until nothing waits, with so much time passing between two looks. */
  const drain = async (stepMs = 0): Promise<void> => {
    await vi.waitFor(
      async () => {
        clock.advance(stepMs)
        expect((await store.outboxState()).waiting).toBe(0)
      },
      { timeout: 20_000, interval: 25 },
    )
  }
  return { vault, store, clock, start, addWebhook, emit, drain }
}

const idsOf = (requests: readonly ProviderRequest[]) => requests.map(({ headers }) => headers['webhook-id'])

test('an event reaches its receiver over TLS with a signature that it accepts', async () => {
  const receiver = await startReceiver(take)
  const { start, addWebhook, emit, drain, store } = await open()
  const webhook = await addWebhook(`${receiver.origin}/hook`, { ca: receiver.caPem })
  const outbox = start()
  const [id] = await emit(1, undefined, watchEvents(store, outbox.wake))
  await drain()
  expect(receiver.taken).toHaveLength(1)
  const { headers, body } = receiver.taken[0] ?? { headers: {}, body: Buffer.alloc(0) }
  expect(headers).toMatchObject({ 'webhook-id': id, 'content-type': 'application/json' })
  expect(webhook.receiver.verify(body.toString(), headers as Record<string, string>)).toMatchObject({
    type: 'token.created',
    data: { last4: '0002' },
  })
})

test('a failure in the middle holds up its own subject and keeps its order', async () => {
  let toFail = ''
  const receiver = await startReceiver((request, response) =>
    (request.headers['webhook-id'] === toFail ? fail : take)(request, response),
  )
  const { start, addWebhook, emit, drain, store } = await open()
  await addWebhook(`${receiver.origin}/hook`, { ca: receiver.caPem })
  const ordered = await emit(4, '000000cc-0000-4000-8000-000000000001')
  toFail = ordered[1] ?? ''
  const outbox = start()
  await vi.waitFor(() => expect(idsOf(receiver.taken)).toEqual([ordered[0], ordered[1]]))
  const others = await emit(3)
  outbox.wake()
  await vi.waitFor(async () => expect((await store.outboxState()).waiting).toBe(3))
  expect(new Set(idsOf(receiver.taken).slice(2))).toEqual(new Set(others))
  toFail = ''
  await drain(minuteMs)
  expect(idsOf(receiver.taken).slice(5)).toEqual([ordered[1], ordered[2], ordered[3]])
})

/** How long it is waited for an answer that does not come. */
const hangingMs = 400

const unlucky: Readonly<Record<string, readonly [Behaviour, string]>> = {
  'answers 500': [fail, 'answered 500'],
  redirects: [
    (_, response) => {
      response.writeHead(302, { location: '/hook' }).end()
    },
    'answered 302, and redirects are not followed',
  ],
  hangs: [() => undefined, 'no answer in time'],
  'closes in the middle of its answer': [
    (_, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('half')
      setImmediate(() => response.socket?.destroy())
    },
    'connection lost',
  ],
  'answers without end': [
    (_, response) => {
      response.writeHead(200)
      response.write(Buffer.alloc(200 * 1024))
    },
    'answer too large',
  ],
}

test.each(Object.entries(unlucky))(
  'a receiver that %s is tried again and named in the failures',
  async (_, [behaviour, reason]) => {
    const receiver = await startReceiver(behaviour)
    const { start, addWebhook, emit, drain, store } = await open(hangingMs)
    const webhook = await addWebhook(`${receiver.origin}/hook`, { ca: receiver.caPem })
    const [id] = await emit(1)
    start()
    await vi.waitFor(() => expect(receiver.taken.length).toBeGreaterThan(0), { timeout: 5_000 })
    await drain(6 * hourMs)
    const dead = await store.deadDeliveries(undefined, 10)
    expect(dead).toMatchObject([{ webhookId: webhook.id, event: { id }, failure: reason }])
    expect(receiver.taken.length).toBeGreaterThan(5)
    expect(JSON.stringify(dead)).not.toContain('SECRET')
  },
  40_000,
)

test('a receiver on a private address is not spoken to unless that is allowed', async () => {
  const receiver = await startReceiver(take)
  const { start, addWebhook, emit, drain, store } = await open()
  await addWebhook(`${receiver.origin}/hook`, { ca: receiver.caPem, allowPrivate: false })
  await emit(1)
  start()
  await drain(6 * hourMs)
  expect(await store.deadDeliveries(undefined, 10)).toMatchObject([{ failure: 'address refused' }])
  expect(receiver.connections()).toBe(0)
})

test('a receiver whose authority nobody knows is not told', async () => {
  const receiver = await startReceiver(take)
  const { start, addWebhook, emit, drain, store } = await open()
  await addWebhook(`${receiver.origin}/hook`)
  await emit(1)
  start()
  await drain(6 * hourMs)
  expect(await store.deadDeliveries(undefined, 10)).toMatchObject([{ failure: 'tls' }])
  expect(receiver.taken).toEqual([])
})

test('two that deliver from one database deliver each event once while both live', async () => {
  const receiver = await startReceiver(take)
  const { start, addWebhook, emit, drain } = await open()
  await addWebhook(`${receiver.origin}/hook`, { ca: receiver.caPem })
  const ids = await emit(300)
  start()
  start()
  await drain()
  expect(receiver.taken).toHaveLength(ids.length)
  expect(new Set(idsOf(receiver.taken))).toEqual(new Set(ids))
}, 30_000)

test('one that stops has settled what it sent, and begins nothing more', async () => {
  const receiver = await startReceiver((request, response) => setTimeout(() => take(request, response), 100))
  const { start, addWebhook, emit, store } = await open()
  await addWebhook(`${receiver.origin}/hook`, { ca: receiver.caPem })
  await emit(200)
  const outbox = start()
  await vi.waitFor(() => expect(receiver.taken.length).toBeGreaterThan(0))
  await outbox.stop()
  expect((await store.outboxState()).waiting).toBe(200 - receiver.taken.length)
})
