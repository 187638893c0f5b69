import { parseToken } from '@cardkeep/core/tokens/spelling'
import { testCards } from '@cardkeep/testing/canary/cards'
import { answer } from '@cardkeep/testing/provider/behaviours'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { isOnMemory } from './support/backends.ts'
import { cleanUp } from './support/clean-up.ts'
import type { Merchant } from './support/hellgate.ts'
import {
  contextNotFound,
  faultsOf,
  merchantAt,
  notFound,
  openMerchant,
  success,
} from './support/hellgate-scenario.ts'
import { allowProvider, startScenario } from './support/scenario.ts'
import { chargesOf } from './support/shop.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * A merchant imports a card, charges it with its code once, and later has its customer type a new one: from the first call
 * to the last as a merchant's server and a browser make them.
 */

const scenario = await startScenario()
/** What the provider was sent last, in memory only. */
let sent = ''
const provider = await startProvider({
  answers: {
    '/capture': ({ body }, response) => {
      sent = body.toString()
      answer(response, 200, 'application/json', '{"taken":true}')
    },
    '/teapot': (_request, response) => {
      response.setHeader('x-provider', 'of its own')
      response.setHeader('set-cookie', 'a=b')
      answer(response, 418, 'text/vnd.tea', 'short and stout')
    },
  },
})
cleanUp(() => provider.close())
const url = chargesOf(provider)
const capture = `${provider.origin}/capture`

let merchant: Merchant
beforeAll(async () => {
  await allowProvider(scenario, scenario.demo, provider)
  merchant = await openMerchant(scenario)
})

const card = { number: testCards.visa2, code: '123', month: 4, year: 2033, name: 'Jane Holder' }
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Nothing is sent for want of a code. */
const codeMissing = ['$ asks for a security code, and no code is held']

test('an imported card is told as the schema says, with its name, and then again by its id', async () => {
  const { number: account_number, month: expiry_month, year: expiry_year, name, code } = card
  const imported = await merchant.call('POST', '/cde-import', {
    body: { account_number, expiry_month, expiry_year, cardholder_name: name, security_code: code },
  })
  const id = String(imported.body['id'])
  expect(imported.body).toEqual({
    id: expect.stringMatching(uuid),
    cardholder_name: name,
    card_art_url: `${scenario.vault.url}/tokens/card-art/${id}`,
    created_at: expect.any(String),
    expiry_month,
    expiry_year,
    issuer_identification_number: expect.stringMatching(/^424242/),
    account_number_last_four: '4242',
    account_number_length: 16,
    masked_account_number: '424242******4242',
    status: 'active',
    network_token_status: 'not_available',
    scheme: 'VISA',
    identity_and_verification: 'none',
  })
  expect((await merchant.call('GET', `/tokens/${id}`)).body).toEqual(imported.body)
})

test('whether a code is held is told for a card with one and for a card without', async () => {
  expect(await merchant.isCodeHeld(await merchant.importCard(card))).toBe(true)
  expect(await merchant.isCodeHeld(await merchant.importCard({ number: testCards.visa2 }))).toBe(false)
})

test('an expired card is taken, as it is from another vault', async () => {
  expect(await merchant.importCard({ ...card, month: 4, year: 2025 })).toMatch(uuid)
})

describe('a forward', () => {
  test('puts each value where its placeholder stands, as text or as a number', async () => {
    const token = await merchant.importCard(card)
    const body = `{
      "number": "{{ account_number }}", "holder": "{{ cardholder_name }}", "code": "{{ security_code }}",
      "month": "{{ expiration_month }}", "year": "{{expiration_year}}",
      "bare": {{ expiration_month | unwrap }}, "bareYear": {{ expiration_year | unwrap }},
      "whole": "{{ account_number }} of {{ cardholder_name }}", "amount": 10.00}`
    const headers = { 'x-hellgate-token': token, 'x-destination-url': capture }
    const reply = await merchant.call('POST', '/forward', { headers, body })
    expect(reply).toMatchObject({ status: 200, sent: 'yes', body: { taken: true } })
    expect(JSON.parse(sent)).toEqual({
      number: card.number,
      holder: card.name,
      code: card.code,
      month: '04',
      year: '2033',
      bare: 4,
      bareYear: 2033,
      whole: `${card.number} of ${card.name}`,
      amount: 10,
    })
    expect(sent).toMatch(/"amount":\s*10\.00/)
  })

  test('is answered with what the destination said: its status, type, headers and body', async () => {
    const token = await merchant.importCard(card)
    const reply = await merchant.charge({ token, url: `${provider.origin}/teapot`, withCode: false })
    expect(reply).toMatchObject({ status: 418, sent: 'yes', text: 'short and stout' })
    expect(reply.headers).toMatchObject({
      'content-type': 'text/vnd.tea; charset=utf-8',
      'x-provider': 'of its own',
    })
    expect(reply.headers).not.toHaveProperty('set-cookie')
  })

  test("takes the caller's headers along, and in pairs those that would be the vault's", async () => {
    const token = await merchant.importCard(card)
    const headers = {
      'x-psp-name': 'Authorization',
      'x-psp-value': 'Bearer of the provider',
      'x-merchant-reference': '7',
    }
    await merchant.charge({ token, url, withCode: false, headers })
    const seen = provider.requests.at(-1)?.headers ?? {}
    expect(seen).toMatchObject({ authorization: 'Bearer of the provider', 'x-merchant-reference': '7' })
    for (const own of ['x-api-key', 'x-hellgate-token', 'x-destination-url', 'x-psp-name', 'x-psp-value'])
      expect(seen).not.toHaveProperty(own)
  })

  test('spends the code: the next that asks for one is refused, and nothing is sent', async () => {
    const token = await merchant.importCard(card)
    expect(await merchant.charge({ token, url })).toMatchObject({
      status: 200,
      sent: 'yes',
      body: { status: 'approved', card: { cvc_check: 'pass', last4: '4242' } },
    })
    expect(await merchant.isCodeHeld(token)).toBe(false)
    const before = provider.requests.length
    const again = await merchant.charge({ token, url })
    expect([again.status, again.sent, faultsOf(again)]).toEqual([422, 'no', codeMissing])
    expect(provider.requests).toHaveLength(before)
    expect(await merchant.charge({ token, url, withCode: false })).toMatchObject({ status: 200, sent: 'yes' })
  })

  test('to where nobody allowed it is forbidden, and the code stays', async () => {
    const token = await merchant.importCard(card)
    expect(await merchant.charge({ token, url: 'https://elsewhere.example/x' })).toMatchObject({
      status: 403,
      sent: 'no',
      body: { classifier: 'FORBIDDEN' },
    })
    expect(await merchant.isCodeHeld(token)).toBe(true)
  })
})

describe('a customer who comes back', () => {
  test('is shown the masked card, types a code in the browser, and the next forward carries it, once', async () => {
    const token = await merchant.importCard({ ...card, code: '111' })
    await merchant.charge({ token, url })
    const session = await merchant.openRefresh(token)
    const { body: asked } = await merchant.browse('GET', `/sessions/${session}`)
    expect(asked).toEqual({
      next_action: 'refresh_security_code',
      data: {
        account_number_last_four: '4242',
        account_number_length: 16,
        issuer_identification_number: expect.stringMatching(/^424242/),
        expiry_month: 4,
        expiry_year: 2033,
        scheme: 'visa',
        jwk: { kty: 'RSA', n: expect.any(String), e: 'AQAB' },
      },
    })
    const payload = await merchant.seal(session, { security_code: '987' })
    const done = await merchant.complete(session, 'refresh_security_code', payload)
    expect(done).toMatchObject({ status: 200, body: success(token) })
    expect(await merchant.isCodeHeld(token)).toBe(true)
    expect((await merchant.browse('GET', `/sessions/${session}`)).body).toEqual(success(token))

    await merchant.charge({ token, url: capture })
    expect(JSON.parse(sent)).toMatchObject({ card: { cvc: '987' } })
    expect(await merchant.isCodeHeld(token)).toBe(false)
  })

  test('and types another before it was used has the last one sent', async () => {
    const token = await merchant.importCard(card)
    for (const code of ['222', '333'])
      expect(await merchant.refresh(token, code)).toMatchObject({ status: 200 })
    await merchant.charge({ token, url: capture })
    expect(JSON.parse(sent)).toMatchObject({ card: { cvc: '333' } })
  })
})

test('a code that is consumed is forgotten, and consuming none is as good', async () => {
  const token = await merchant.importCard(card)
  for (const _ of ['held', 'not held']) {
    expect(await merchant.call('POST', `/tokens/${token}/consume`)).toMatchObject({ status: 204 })
    expect(await merchant.isCodeHeld(token)).toBe(false)
  }
  expect(await merchant.charge({ token, url })).toMatchObject({ status: 422, sent: 'no' })
})

test('a token that is deleted is gone for every call, with its code', async () => {
  const token = await merchant.importCard(card)
  const session = await merchant.openRefresh(token)
  expect(await merchant.call('DELETE', `/tokens/${token}`)).toMatchObject({ status: 204 })
  const calls = [
    ['GET', `/tokens/${token}`],
    ['DELETE', `/tokens/${token}`],
    ['GET', `/tokens/${token}/security-code`],
    ['POST', `/tokens/${token}/consume`],
    ['POST', `/tokens/${token}/refresh-session`],
    ['GET', `/tokens/card-art/${token}`],
  ] as const
  for (const [method, path] of calls)
    expect({ path, ...(await merchant.call(method, path)) }).toMatchObject({
      path,
      status: 404,
      body: notFound,
    })
  expect(await merchant.charge({ token, url })).toMatchObject({ status: 404, sent: 'no', body: notFound })
  const payload = await merchant.seal(session, { security_code: '123' })
  expect(await merchant.complete(session, 'refresh_security_code', payload)).toMatchObject({
    status: 200,
    body: { next_action: null, status: 'failure' },
  })
})

test('its card is drawn, masked, for whoever has the address', async () => {
  const token = await merchant.importCard({ ...card, number: testCards.amex, code: '1234' })
  const { body } = await merchant.call('GET', `/tokens/${token}`)
  const path = String(body['card_art_url']).slice(scenario.vault.url.length)
  const { status, headers, text } = await merchant.browse('GET', path)
  expect([status, headers['content-type']]).toEqual([200, expect.stringMatching(/^image\/svg\+xml/)])
  expect(text).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
  expect(text).toContain('American Express card ending in 0005')
  expect(text).not.toMatch(/378282|<script|xlink|@import|url\(http/)
})

describe('a card that came in by another API of the vault', () => {
  test("is forwarded with the code of that API's session, by every spelling of its token", async () => {
    const spellings: readonly ((token: string) => string)[] = [
      (token) => token,
      (token) => token.replace('tok_', ''),
      (token) => String(parseToken(token)),
    ]
    for (const spell of spellings) {
      const { token, session } = await scenario.demo.tokenize({ number: testCards.mastercard, code: '456' })
      const headers = { 'x-cvc-session-id': session }
      const charge = { token: spell(token), url: capture, headers }
      expect(await merchant.charge(charge)).toMatchObject({ status: 200, sent: 'yes' })
      expect(JSON.parse(sent)).toMatchObject({ card: { number: testCards.mastercard, cvc: '456' } })
      expect(await merchant.charge(charge)).toMatchObject({ status: 422, sent: 'no' })
    }
  })

  test('has no code of its own until its customer types one here', async () => {
    const { token } = await scenario.demo.tokenize({ number: testCards.mastercard, code: '456' })
    expect(await merchant.isCodeHeld(token)).toBe(false)
    expect(await merchant.charge({ token, url })).toMatchObject({ status: 422, sent: 'no' })
    expect(await merchant.refresh(token, '654')).toMatchObject({ status: 200 })
    expect(await merchant.charge({ token, url: capture })).toMatchObject({ status: 200, sent: 'yes' })
    expect(JSON.parse(sent)).toMatchObject({ card: { cvc: '654' } })
  })

  test('and one that came in here is forwarded there', async () => {
    const token = await merchant.importCard(card)
    expect(await scenario.demo.charge({ token, url })).toMatchObject({ status: 200, sent: 'yes' })
    expect(provider.requests.at(-1)?.card).toEqual({ mask: '424242******4242', codeLength: undefined })
  })
})

test('after a restart a card is there, and what only memory held is not', async () => {
  const brief = await startScenario()
  const before = await openMerchant(brief)
  const token = await before.importCard(card)
  const session = await before.openRefresh(token)
  const payload = await before.seal(session, { security_code: '321' })
  expect(await brief.vault.stop()).toBe(0)

  const after = merchantAt({ folder: brief.folder, vault: await brief.start() }, before.apiKey)
  expect((await after.call('GET', `/tokens/${token}`)).body).toMatchObject({ status: 'active' })
  expect(await after.isCodeHeld(token)).toBe(!isOnMemory)
  const answered = await after.complete(session, 'refresh_security_code', payload)
  if (isOnMemory) expect(answered).toMatchObject({ status: 404, body: contextNotFound })
  else expect(answered).toMatchObject({ status: 200, body: success(token) })
})
