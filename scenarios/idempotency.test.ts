import { loadCard, testCards } from '@cardkeep/testing/canary/cards'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import type { Reply } from './support/client.ts'
import { changeRows, type GroundPlace, readRows } from './support/rows.ts'
import {
  keysPrintedBy,
  makeGround,
  openShop,
  runScenario,
  type Scenario,
  startScenario,
} from './support/scenario.ts'
import { type CardInput, type Shop, tokenizeBody } from './support/shop.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 })

let scenario: Scenario
beforeAll(async () => {
  scenario = await startScenario()
})

const send = (shop: Shop, card: CardInput, key: string): Promise<Reply> =>
  shop.call('POST', '/tokenize', { body: tokenizeBody(card), headers: { 'idempotency-key': key } })

const refusalOf = ({ headers }: Reply) => headers['cardkeep-refusal']
const isReplay = ({ headers }: Reply) => headers['idempotent-replayed'] === 'true'
const countTokens = (ground: GroundPlace): unknown =>
  readRows(ground, 'select count(*) as count from tokens')[0]?.['count']

describe('fifty callers with one key at once', () => {
  test('make one token: one is answered anew, the others with its reply or told to wait', async () => {
    const { demo } = scenario
    const before = Number(countTokens(scenario))
    const card = { number: testCards.visa, code: '123' }
    const replies = await Promise.all(Array.from({ length: 50 }, () => send(demo, card, 'fifty')))
    const taken = replies.filter(({ status }) => status === 201)
    expect(taken.filter((reply) => !isReplay(reply))).toHaveLength(1)
    expect(new Set(taken.map(({ text }) => text)).size).toBe(1)
    for (const reply of replies.filter(({ status }) => status !== 201))
      expect([reply.status, refusalOf(reply)]).toEqual([409, 'IdempotencyKeyInUse'])
    expect(Number(countTokens(scenario)) - before).toBe(1)
    const again = await send(demo, card, 'fifty')
    expect([again.status, isReplay(again), again.text]).toEqual([201, true, taken[0]?.text])
  })
})

test('the same card with another code gets the same reply, and the first code stays held', async () => {
  const { demo } = scenario
  const number = testCards.mastercard
  const first = await send(demo, { number, code: '123' }, 'same-card')
  const again = await send(demo, { number, code: '456' }, 'same-card')
  expect([again.status, isReplay(again), again.text]).toEqual([201, true, first.text])
  const session = String(first.body['cvc_session_id'])
  const dropped = await demo.call('DELETE', `/proxy/delete-cvc-session/${session}`)
  expect(dropped.status).toBe(200)
  const last = await send(demo, { number, code: '123' }, 'same-card')
  expect([isReplay(last), last.body['cvc_session_id']]).toEqual([true, session])
})

test('another card under the key is refused, and what was wrong may be corrected', async () => {
  const { demo } = scenario
  expect((await send(demo, { number: testCards.visa2 }, 'other-card')).status).toBe(201)
  const other = await send(demo, { number: testCards.visa3 }, 'other-card')
  expect([Math.floor(other.status / 100), refusalOf(other)]).toEqual([4, 'IdempotencyKeyReused'])

  const wrong = await send(demo, { number: '4111111111111112' }, 'corrected')
  expect([wrong.status, refusalOf(wrong)]).toEqual([400, 'InvalidCardNumber'])
  expect((await send(demo, { number: testCards.visa }, 'corrected')).status).toBe(201)
})

test('two tenants have their keys to themselves', async () => {
  const { demo } = scenario
  const other = await openShop(scenario, 'another-shop')
  const first = await send(demo, { number: testCards.amex, code: '1234' }, 'shared')
  const theirs = await send(other, { number: testCards.jcb }, 'shared')
  expect([first.status, theirs.status, isReplay(theirs)]).toEqual([201, 201, false])
  expect(theirs.body['token']).not.toBe(first.body['token'])
})

test('a forward takes no key: the header is passed over, and each request is one', async () => {
  const { demo } = scenario
  const { token } = await demo.tokenize({ number: testCards.visa })
  const body = { token, proxy_url: 'https://provider.invalid/x', request_data: { number: '${cardNumber}' } }
  const headers = { 'idempotency-key': 'forward' }
  for (const at of [1, 2]) {
    const reply = await demo.call('POST', '/proxy/transaction', { body, headers })
    expect([at, reply.status, isReplay(reply), refusalOf(reply)]).toEqual([
      at,
      400,
      false,
      'DestinationNotAllowed',
    ])
  }
})

test('a reply comes again after a restart and after its key was rotated', async () => {
  const ground = makeGround()
  const first = await runScenario(ground)
  const card = { number: testCards.visa, code: '123' }
  const reply = await send(first.demo, card, 'restart')
  expect(reply.status).toBe(201)
  await ground.command('keys', 'rotate', '--purpose', 'idempotency')
  expect((await send(first.demo, card, 'restart')).text).toBe(reply.text)
  await first.vault.stop()
  const shop = ground.shopAt(await ground.start(), keysPrintedBy(first.vault))
  const again = await send(shop, card, 'restart')
  expect([again.status, isReplay(again), again.text]).toEqual([201, true, reply.text])
  expect(countTokens(ground)).toBe(1)
})

test('after a power cut in the middle every request that is sent again makes one token in the end', async () => {
  const ground = makeGround()
  const first = await runScenario(ground)
  const rounds = Array.from({ length: 64 }, (_, at) => ({ number: loadCard(at), key: `cut-${at}` }))
  const told: Promise<Reply | undefined>[] = rounds.map(({ number, key }) =>
    send(first.demo, { number, code: '123' }, key).catch(() => undefined),
  )
  // The cut comes once some have been answered, while others wait.
  await Promise.race(told)
  await first.vault.kill()
  const before = await Promise.all(told)

  const shop = ground.shopAt(await ground.start(), keysPrintedBy(first.vault))
  const after = await Promise.all(rounds.map(({ number, key }) => send(shop, { number, code: '123' }, key)))
  // A claim that was under way at the cut opens after two minutes; it made no token.
  for (const [at, reply] of after.entries())
    if (reply.status !== 201) expect([at, refusalOf(reply)]).toEqual([at, 'IdempotencyKeyInUse'])
  for (const [at, reply] of before.entries())
    if (reply?.status === 201) expect(after[at]?.text).toBe(reply.text)
  const waiting = [...after.entries()].filter(([, { status }]) => status === 409).map(([at]) => at)
  expect(countTokens(ground)).toBe(rounds.length - waiting.length)
  await passTwoMinutes(ground)
  for (const at of waiting) {
    const { number, key } = rounds[at] ?? { number: '', key: '' }
    const last = await send(shop, { number, code: '123' }, key)
    expect([at, last.status, isReplay(last)]).toEqual([at, 201, false])
  }
  expect(countTokens(ground)).toBe(rounds.length)
  expect(await ground.command('audit', 'verify')).toMatchObject({ ok: true })
})

/** What is under way was begun two minutes earlier from now on. */
const passTwoMinutes = (ground: GroundPlace): Promise<void> =>
  changeRows(ground, 'update idempotency_claims set at = at - 120000 where status is null')
