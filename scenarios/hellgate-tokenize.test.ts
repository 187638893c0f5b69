import { testCards } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { readCommitted } from './support/audit-log.ts'
import { cleanUp } from './support/clean-up.ts'
import type { Json } from './support/client.ts'
import { cardAnswer, type Merchant } from './support/hellgate.ts'
import { faultsOf, notFound, openMerchant, success } from './support/hellgate-scenario.ts'
import { allowProvider, startScenario } from './support/scenario.ts'
import { chargesOf } from './support/shop.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * A customer's browser gives a card for a token, in a session that the merchant's server opened.
 */

const scenario = await startScenario()
const provider = await startProvider()
cleanUp(() => provider.close())
const url = chargesOf(provider)

let merchant: Merchant
beforeAll(async () => {
  await allowProvider(scenario, scenario.demo, provider)
  merchant = await openMerchant(scenario)
})

const action = 'tokenize_card'
const card = { number: testCards.visa3, code: '123', month: 4, year: 2033, name: 'Jane Holder' }

const answer = async (session: string, plain: Json, header?: Json) =>
  merchant.complete(session, action, await merchant.seal(session, plain, header))

/** The token that a browser's card became. */
const giveCard = async (plain: Json = cardAnswer(card), opening?: Json): Promise<Json> => {
  const { status, body, text } = await answer(await merchant.openTokenize(opening), plain)
  const { token_id: id } = (body['data'] ?? {}) as { readonly token_id?: string }
  if (status !== 200 || id === undefined) throw new Error(`a card was not taken: ${status} ${text}`)
  return (await merchant.call('GET', `/tokens/${id}`)).body
}

test.each(['RSA-OAEP', 'RSA-OAEP-256'])(
  'a card that a browser sealed with %s becomes a token, and its code is sent with it once',
  async (alg) => {
    const session = await merchant.openTokenize()
    const { body: asked } = await merchant.browse('GET', `/sessions/${session}`)
    expect(asked).toMatchObject({
      next_action: action,
      data: { provider: 'guardian', base_url: `${scenario.vault.url}/cde` },
    })
    const done = await answer(session, cardAnswer(card), { alg, sid: session })
    const token = String((done.body['data'] as Json)['token_id'])
    expect(done).toMatchObject({ status: 200, body: success(token) })
    expect((await merchant.call('GET', `/tokens/${token}`)).body).toMatchObject({
      cardholder_name: card.name,
      expiry_month: 4,
      expiry_year: 2033,
      masked_account_number: '401288******1881',
      status: 'active',
    })
    expect(await merchant.charge({ token, url })).toMatchObject({ status: 200, sent: 'yes' })
    expect(provider.requests.at(-1)?.card).toEqual({ mask: '401288******1881', codeLength: 3 })
    expect(await merchant.charge({ token, url })).toMatchObject({ status: 422, sent: 'no' })

    const [created] = readCommitted(scenario, token)
    expect(created).toMatchObject({ action: 'token.created', actor: ['session', expect.any(String)] })
    expect(created?.actor[1]).not.toBe(session)
  },
)

test.each<readonly [string, Json | undefined]>([
  ['no body', undefined],
  ['an empty one', {}],
  ['identification passed over', { bypass_identification: true }],
  ['identification wished for', { bypass_identification: false }],
])('a session is opened with %s, and nobody is identified', async (_, opening) => {
  expect(await giveCard(cardAnswer(card), opening)).toMatchObject({ identity_and_verification: 'none' })
})

test.each<readonly [string, Json, string]>([
  ['no time', { expiration_time: 0 }, '$.expiration_time is not valid'],
  ['more than thirty days', { expiration_time: 2_592_001 }, '$.expiration_time is not valid'],
  ['a time that is text', { expiration_time: '60' }, '$.expiration_time is not valid'],
  ['part of a second', { expiration_time: 1.5 }, '$.expiration_time is not valid'],
  ['a wish that is no boolean', { bypass_identification: 1 }, '$.bypass_identification is not valid'],
])('a session is not opened for %s', async (_, body, fault) => {
  const refused = await merchant.call('POST', '/tokens/session', { body })
  expect([refused.status, faultsOf(refused)]).toEqual([422, [fault]])
})

describe('a token', () => {
  const lifetimeMsOf = ({ created_at, expires_at }: Json): number =>
    Date.parse(String(expires_at)) - Date.parse(String(created_at))

  test('lives as long as its session says, and is gone then', async () => {
    const made = await giveCard(cardAnswer(card), { expiration_time: 1 })
    expect(lifetimeMsOf(made)).toBe(1_000)
    const token = String(made['id'])
    await until('its end', async () => (await merchant.call('GET', `/tokens/${token}`)).status === 404)
    expect(await merchant.charge({ token, url, withCode: false })).toMatchObject({
      status: 404,
      sent: 'no',
      body: notFound,
    })
    expect(await merchant.call('POST', `/tokens/${token}/refresh-session`)).toMatchObject({ status: 404 })
  })

  test('lives until it is deleted where nobody says otherwise', async () => {
    expect(await giveCard()).not.toHaveProperty('expires_at')
  })

  test('lives shorter where the browser wishes it, and never longer than its session says', async () => {
    const day = 86_400_000
    const plain = { ...cardAnswer(card), ephemeral: true }
    expect(lifetimeMsOf(await giveCard(plain))).toBe(day)
    expect(lifetimeMsOf(await giveCard(plain, { expiration_time: 3_600 }))).toBe(3_600_000)
    expect(lifetimeMsOf(await giveCard(plain, { expiration_time: 2_592_000 }))).toBe(day)
  })
})

test('a card without a code becomes a token that holds none', async () => {
  const { security_code: _, ...plain } = cardAnswer(card)
  const { id } = await giveCard(plain)
  expect(await merchant.isCodeHeld(String(id))).toBe(false)
})

describe('an answer is refused, and the session takes the next, where', () => {
  test.each<readonly [string, Json, string]>([
    ['the number is none', { account_number: '4012888888881882' }, '$.account_number is not a card number'],
    ['the number is missing', { account_number: undefined }, '$.account_number is missing'],
    ['the number is no text', { account_number: 4012888888881881 }, '$.account_number is not valid'],
    ['the month is none', { expiry_month: 13 }, '$.expiry_month is not valid'],
    ['the month is text', { expiry_month: '12' }, '$.expiry_month is not valid'],
    ['the year has two digits', { expiry_year: 33 }, '$.expiry_year is not valid'],
    ['the card has expired', { expiry_year: 2020 }, '$.expiry_year has passed: the card has expired'],
    [
      'the code is too long',
      { security_code: '1234' },
      '$.security_code is not a security code of this card',
    ],
    [
      'a card number stands in its name',
      { additional_data: { cardholder_name: card.number } },
      '$.additional_data.cardholder_name is not valid',
    ],
    ['the end has passed', { expiration_date: '2020-01-01' }, '$.expiration_date is not valid'],
  ])('%s', async (_, fields, fault) => {
    const session = await merchant.openTokenize()
    const before = await countTokens()
    const refused = await answer(session, { ...cardAnswer(card), ...fields })
    expect([refused.status, faultsOf(refused)]).toEqual([422, [fault]])
    expect(refused.text).not.toContain(card.number)
    expect(await countTokens()).toBe(before)
    expect(await answer(session, cardAnswer(card))).toMatchObject({
      status: 200,
      body: { status: 'success' },
    })
    expect(await countTokens()).toBe(before + 1)
  })

  test('it answers another question', async () => {
    const session = await merchant.openTokenize()
    const payload = await merchant.seal(session, { security_code: '123' })
    const refused = await merchant.complete(session, 'refresh_security_code', payload)
    expect([refused.status, faultsOf(refused)]).toEqual([422, ['$.action is not valid']])
    expect(await answer(session, cardAnswer(card))).toMatchObject({ body: { status: 'success' } })
  })
})

const countTokens = async (): Promise<number> => {
  const { body } = await merchant.call('GET', '/tokens?limit=1')
  return Number((body['pagination'] as Json)['total_items'])
}
