import { request } from 'node:https'
import { testCards } from '@cardkeep/testing/canary/cards'
import { afterEach, expect, test } from 'vitest'
import { decideCharge, readCharge } from './charges.ts'
import { type Provider, startProvider } from './provider.ts'

let provider: Provider | undefined
afterEach(() => provider?.close())

const pan = testCards.visa

const verdictOf = (body: object) => decideCharge(readCharge('application/json', JSON.stringify(body)), 'ch_1')

test.each([
  ['approves', { amount: 1000, card: { number: pan, cvc: '123' } }, 200, { status: 'approved' }],
  ['approves without a code', { amount: 1000, card: { number: pan } }, 200, { status: 'approved' }],
  ['declines by the amount', { amount: 1005, card: { number: pan } }, 402, { decline_code: 'do_not_honor' }],
  ['declines by another amount', { amount: 51, pan }, 402, { decline_code: 'insufficient_funds' }],
  [
    'refuses a wrong number',
    { amount: 1, number: '4111111111111112' },
    400,
    { error: { code: 'invalid_number' } },
  ],
  ['refuses a placeholder', { amount: 1, number: '$' }, 400, { error: { code: 'invalid_number' } }],
  ['refuses a missing number', { amount: 1 }, 400, { error: { code: 'invalid_number' } }],
  ['refuses a wrong code', { number: pan, cvv: '12' }, 400, { error: { code: 'invalid_cvc' } }],
])('a provider %s', (_name, body, status, expected) => {
  expect(verdictOf(body)).toMatchObject({ status, body: expected })
})

test('a provider reads forms', () => {
  expect(
    readCharge(
      'application/x-www-form-urlencoded; charset=utf-8',
      `card[number]=${pan}&card[cvc]=123&amount=5`,
    ),
  ).toEqual({
    card: { number: pan, code: '123', month: undefined, year: undefined },
    amount: 5,
    currency: 'EUR',
  })
})

test('a provider lists what it saw without card data', async () => {
  provider = await startProvider()
  const body = JSON.stringify({ amount: 1000, card: { number: pan, cvc: '123' } })
  const { origin, caPem } = provider
  const status = await new Promise((resolve, reject) =>
    request(`${origin}/v1/charges`, { method: 'POST', ca: caPem, family: 4, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    })
      .on('error', reject)
      .end(body),
  )
  expect(status).toBe(200)
  expect(provider.requests).toMatchObject([
    { path: '/v1/charges', card: { mask: '411111******1111', codeLength: 3 } },
  ])
  expect(JSON.stringify(provider.requests)).not.toContain(pan)
})
