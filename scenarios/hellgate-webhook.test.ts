import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { testCards } from '@cardkeep/testing/canary/cards'
import { answer } from '@cardkeep/testing/provider/behaviours'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { idLiteral } from './support/backends.ts'
import { cleanUp } from './support/clean-up.ts'
import type { Json } from './support/client.ts'
import { cardAnswer, type Merchant } from './support/hellgate.ts'
import { openMerchant } from './support/hellgate-scenario.ts'
import { faultOfNotification } from './support/hellgate-schemas.ts'
import { changeRows, readRows } from './support/rows.ts'
import { startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * What a merchant's endpoint is told of its tokens: read, and proven to be from the vault, by nothing but what the API's
 * pages say of it.
 */

const scenario = await startScenario()

interface Notification {
  readonly signature: string
  readonly text: string
  readonly body: Json
}

let received: Notification[] = []
/** What the endpoint answers, one after the other; 200 afterwards. */
let statuses: number[] = []
const endpoint = await startProvider({
  answers: {
    '/events': ({ headers, body }, response) => {
      const text = body.toString()
      received.push({
        signature: String(headers['x-hmac-signature']),
        text,
        body: JSON.parse(text) as Json,
      })
      answer(response, statuses.shift() ?? 200, 'text/plain', 'taken')
    },
  },
})
cleanUp(() => endpoint.close())

let merchant: Merchant
let webhook: { readonly webhook_id: string; readonly secret: string }
beforeAll(async () => {
  merchant = await openMerchant(scenario)
  const ca = join(scenario.folder, 'endpoint.pem')
  writeFileSync(ca, endpoint.caPem)
  const events = 'token.created,token.updated,token.deleted'
  webhook = await scenario.command(
    ...['webhook', 'create', '--tenant', 'demo', '--dialect', 'hellgate', '--events', events],
    ...['--url', `${endpoint.origin}/events`, '--ca', ca, '--private'],
  )
})
beforeEach(() => {
  received = []
  statuses = []
})

const card = { number: testCards.visa2, code: '123', month: 4, year: 2033 }

const next = (count: number): Promise<true> =>
  until(`${count} notifications`, () => (received.length === count ? true : undefined))

const waitingDeliveries = (): number =>
  Number(
    readRows(
      scenario,
      `select count(*) as count from deliveries where webhook_id = ${idLiteral(webhook.webhook_id)}`,
    )[0]?.['count'],
  )

test('the signature is the HMAC with SHA-256 of the body as it came, under the secret that was shown', async () => {
  expect(webhook.secret).toMatch(/^[0-9A-Z]{64}$/)
  await merchant.importCard(card)
  await next(1)
  const [{ signature, text } = { signature: '', text: '' }] = received
  expect(signature).toMatch(/^[0-9a-f]{64}$/)
  expect(signature).toBe(createHmac('sha256', webhook.secret).update(text).digest('hex'))
})

test('a token is told of from its beginning to its end, each time as the schema says, and never more than a mask', async () => {
  const token = await merchant.importCard(card)
  const { body: asked } = await merchant.call('GET', `/tokens/${token}`)
  for (const word of ['suspend', 'activate', 'invalidate']) await scenario.command('token', word, token)
  await merchant.call('DELETE', `/tokens/${token}`)
  await next(5)
  expect(
    received.map(({ body }) => [body['event_type'], (body['token'] as Json)['status']] as const),
  ).toEqual([
    ['token.created', 'active'],
    ['token.updated', 'invalid'],
    ['token.updated', 'active'],
    ['token.updated', 'invalid'],
    ['token.deleted', 'invalid'],
  ])
  for (const { body } of received) expect(faultOfNotification(body)).toBeUndefined()
  expect(new Set(received.map(({ body }) => body['id'])).size).toBe(5)
  for (const { body } of received) expect((body['token'] as Json)['id']).toBe(token)
  expect(asked).toMatchObject(received[0]?.body['token'] as Json)
  for (const { text } of received) expect(text).not.toContain(card.number)
})

test('a card from a browser is told of, a code from one is not', async () => {
  const session = await merchant.openTokenize({ expiration_time: 3_600 })
  const payload = await merchant.seal(session, cardAnswer(card))
  const { body } = await merchant.complete(session, 'tokenize_card', payload)
  const { token_id: token } = body['data'] as Json
  await next(1)
  expect(received[0]?.body).toMatchObject({
    event_type: 'token.created',
    token: { id: token, expires_at: expect.any(String) },
  })
  await merchant.refresh(String(token), '321')
  expect(waitingDeliveries()).toBe(0)
})

test.each([201, 202, 204, 301, 500])(
  'exactly 200 is taken for received: what is answered with %i comes again as it was',
  async (status) => {
    statuses = [status]
    await merchant.importCard(card)
    await next(1)
    await until('a failure', () => Number(firstDelivery()?.['attempts']) === 1)
    await makeDue()
    await next(2)
    await until('no delivery', () => waitingDeliveries() === 0)
    expect(received[1]).toEqual(received[0])
  },
)

const firstDelivery = () =>
  readRows(scenario, `select attempts from deliveries where webhook_id = ${idLiteral(webhook.webhook_id)}`)[0]

/** The first try again comes after a quarter of a minute; here it is now. */
const makeDue = (): Promise<void> => changeRows(scenario, 'update deliveries set due_at = 0')
