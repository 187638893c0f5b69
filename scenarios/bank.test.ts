import { testCards } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { cleanUp } from './support/clean-up.ts'
import type { Json, Reply } from './support/client.ts'
import { allowProvider, openShop, startScenario } from './support/scenario.ts'
import { chargesOf, type Shop } from './support/shop.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scenario = await startScenario()
const { demo } = scenario
const provider = await startProvider()
cleanUp(() => provider.close())
const url = chargesOf(provider)

beforeAll(() => allowProvider(scenario, demo, provider))

const account = { accountNumber: '000123456789', routingNumber: '110000000' }

const tokenize = (shop: Shop, data: Json): Promise<Reply> =>
  shop.call('POST', '/tokenize', { body: { type: 'bank', data } })

const debit = (token: unknown, data: Json): Promise<Reply> =>
  demo.call('POST', '/proxy/transaction', { body: { token, proxy_url: url, request_data: data } })

test('a bank account becomes a token, and no more than four of its digits are told', async () => {
  const reply = await tokenize(demo, {
    ...account,
    accountType: 'checking',
    firstName: 'Ada',
    lastName: 'Lovelace',
  })
  expect(reply.status).toBe(201)
  expect(reply.body).toEqual({
    success: true,
    token: expect.stringMatching(/^tok_[a-z2-7]{26}$/),
    data: {
      account_number: '********6789',
      last4: '6789',
      routing_number: '110000000',
      account_type: 'checking',
    },
    mask: { account_number: '********6789' },
    deduplicated: false,
  })
  expect(reply.text).not.toContain('000123456789')
})

test('a bank account is debited by its token', async () => {
  const { body } = await tokenize(demo, { ...account, firstName: 'Ada', lastName: 'Lovelace' })
  const reply = await debit(body['token'], {
    amount: 1999,
    holder: '${firstName} ${lastName}',
    account_number: '${accountNumber}',
    routing_number: '${routingNumber}',
  })
  expect(reply).toMatchObject({ status: 200, sent: 'yes' })
  expect(reply.body).toMatchObject({ proxy_response: { body: { object: 'debit', status: 'pending' } } })
  expect(provider.requests.at(-1)?.account).toEqual({ last4: '6789', routing: '110000000' })
})

test('a provider that sends the account back does not show it', async () => {
  const { body } = await tokenize(demo, account)
  const reply = await demo.call('POST', '/proxy/transaction', {
    body: {
      token: body['token'],
      proxy_url: `${provider.origin}/echo/body`,
      request_data: { account: 'no. ${accountNumber}' },
    },
  })
  expect(reply.status).toBe(200)
  expect(reply.text).not.toContain('000123456789')
})

describe('of an account and of a card a template may have what they have, and nothing is sent otherwise', () => {
  test.each(['cardNumber', 'expirationMonth', 'expirationYear', 'cvv', 'firstName', 'lastName'])(
    '${%s} of an account without names',
    async (name) => {
      const { body } = await tokenize(demo, account)
      const seen = provider.requests.length
      const reply = await debit(body['token'], { a: `\${${name}}` })
      expect(reply).toMatchObject({ status: 400, sent: 'no' })
      expect(reply.headers['cardkeep-refusal']).toBe('ValueNotInToken')
      expect(provider.requests).toHaveLength(seen)
    },
  )

  test('${routingNumber} of a card', async () => {
    const { token } = await demo.tokenize({ number: testCards.visa })
    expect(await debit(token, { a: '${routingNumber}' })).toMatchObject({
      status: 400,
      sent: 'no',
      body: { message: 'Invalid value for request_data: routing number' },
    })
  })
})

describe('an account is refused', () => {
  test.each([
    ['with too few digits', { accountNumber: '123' }, 'Invalid value for accountNumber'],
    ['with too many', { accountNumber: '1'.repeat(18) }, 'Invalid value for accountNumber'],
    ['with a letter', { accountNumber: '12345a' }, 'Invalid value for accountNumber'],
    ['without a number', { accountNumber: undefined }, 'Missing required field: accountNumber'],
    [
      'with another check digit of its bank',
      { routingNumber: '110000001' },
      'Invalid value for routingNumber',
    ],
    ['without a bank', { routingNumber: undefined }, 'Missing required field: routingNumber'],
    ['of an unknown type', { accountType: 'gold' }, 'Invalid value for accountType'],
    ['with a code', { cvv: '123' }, 'Invalid value for cvv'],
    ['with the number of a card', { cardNumber: testCards.visa }, 'Invalid value for cardNumber'],
  ])('%s', async (_, parts, message) => {
    expect(await tokenize(demo, { ...account, ...parts })).toMatchObject({
      status: 400,
      body: { success: false, message, data: null },
    })
  })

  test.each([
    ['a type that is none', { type: 'iban', data: account }, 'Invalid value for type'],
    ['no type', { data: account }, 'Missing required field: type'],
    ['a type that is no text', { type: 1, data: account }, 'Invalid value for type'],
    ['the fields of a card', { type: 'card', data: account }, 'Missing required field: cardNumber'],
    ['no fields', { type: 'bank' }, 'Missing required field: data'],
  ])('with %s', async (_, body, message) => {
    expect(await demo.call('POST', '/tokenize', { body })).toMatchObject({ status: 400, body: { message } })
  })
})

test('a scope that de-duplicates knows an account again, and never takes it for a card of the same digits', async () => {
  const shop = await openShop(scenario, 'books', ['--dedupe'])
  const sixteen = { accountNumber: testCards.visa, routingNumber: '110000000' }
  const [first, again, elsewhere] = [
    await tokenize(shop, sixteen),
    await tokenize(shop, { ...sixteen, accountType: 'savings' }),
    await tokenize(shop, { ...sixteen, routingNumber: '021000021' }),
  ]
  const card = await shop.tokenize({ number: testCards.visa })
  expect(again.body).toMatchObject({ token: first.body['token'], deduplicated: true })
  expect(again.body['data']).not.toHaveProperty('account_type')
  expect(elsewhere.body).toMatchObject({ deduplicated: false })
  expect(card.body).toMatchObject({ deduplicated: false, bin: '411111' })
  const fingerprints = [first.body, elsewhere.body, card.body].map(({ fingerprint }) => fingerprint)
  expect(new Set(fingerprints).size).toBe(3)
})

test('the audit log tells of accounts without their numbers', async () => {
  await tokenize(demo, account)
  const { entries } = await exportAudit(scenario, 'bank.jsonl')
  const created = entries.filter(
    ({ action, details }) => action === 'token.created' && details['type'] === 'bank',
  )
  expect(created.length).toBeGreaterThan(0)
  expect(JSON.stringify(entries)).not.toContain('000123456789')
})
