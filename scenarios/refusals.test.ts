import { createServer, type Server } from 'node:net'
import { loadCard, testCards } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import type { Json, Reply } from './support/client.ts'
import { countWritten } from './support/rows.ts'
import { allowOrigin, allowProvider, startScenario } from './support/scenario.ts'
import { chargeBody, chargesOf, testTokenBody, tokenizeBody } from './support/shop.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * The table of errors in docs/wire/ozura.md, row by row: status and exact message, and for the proxy whether anything
 * was sent. What belongs to credentials stands in access.test.ts, what belongs to the disk in full-disk.test.ts.
 */

const codesPerTenant = 60
const scenario = await startScenario({ CARDKEEP_CODES_PER_TENANT: String(codesPerTenant) })
const { demo } = scenario

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `https://localhost:${typeof address === 'object' ? address?.port : 0}`
}

/** Takes connections and never says a word, not even of TLS. */
const silentServer = createServer((socket) => socket.on('error', () => undefined).resume())
const silent = await listen(silentServer)
const closedServer = createServer()
const closed = await listen(closedServer)
await new Promise((resolve) => closedServer.close(resolve))
const provider = await startProvider()
cleanUp(() => provider.close())
cleanUp(() => silentServer.close())

beforeAll(async () => {
  await allowProvider(scenario, demo, provider)
  await allowOrigin(scenario, demo, silent, ['--tenant', 'demo', '--private'])
  const below = ['--path', '/v1', '--method', 'POST']
  await allowOrigin(scenario, demo, `${closed}/v1/charges`, ['--tenant', 'demo', '--private', ...below])
  // Without `--private`, so that the allow-list has it and its addresses are refused.
  await allowOrigin(scenario, demo, 'https://localhost:1', ['--tenant', 'demo'])
})
const url = chargesOf(provider)

const expectRefusal = (
  { status, body, sent, headers }: Reply,
  wanted: number,
  message: string,
  was?: string,
) => {
  expect({ status, body, sent }).toEqual({
    status: wanted,
    body: { success: false, message, data: null },
    sent: was,
  })
  expect(headers['cardkeep-refusal']).toEqual(expect.any(String))
}

const number = testCards.visa
const card = { number, code: '123' }

describe('a card that is not taken', () => {
  const field = (fields: Json): Json => {
    const body = tokenizeBody(card)
    return { ...body, data: { ...(body['data'] as Json), ...fields } }
  }

  test.each<readonly [string, number, string, Json]>([
    ['no type', 400, 'Missing required field: type', { data: {} }],
    ['another type', 400, 'Invalid value for type', { ...tokenizeBody(card), type: 'iban' }],
    ['no data', 400, 'Missing required field: data', { type: 'card' }],
    ['no number', 400, 'Missing required field: cardNumber', field({ cardNumber: undefined })],
    ['no month', 400, 'Missing required field: expirationMonth', field({ expirationMonth: undefined })],
    ['no year', 400, 'Missing required field: expirationYear', field({ expirationYear: undefined })],
    [
      'a number that is a number',
      400,
      'Invalid value for cardNumber',
      field({ cardNumber: 4111111111111111 }),
    ],
    ['an unknown field', 400, 'Invalid value for pin', field({ pin: '1234' })],
    ['letters in the number', 400, 'Invalid card number', field({ cardNumber: '4111-1111-1111-111x' })],
    ['a wrong check digit', 400, 'Invalid card number', field({ cardNumber: '4111111111111112' })],
    ['twelve digits', 400, 'Invalid card number', field({ cardNumber: '411111111116' })],
    ['twenty digits', 400, 'Invalid card number', field({ cardNumber: '41111111111111111110' })],
    ['no number at all', 400, 'Invalid card number', field({ cardNumber: '' })],
    [
      'digits of another script',
      400,
      'Invalid card number',
      field({ cardNumber: '４１１１１１１１１１１１１１１１' }),
    ],
    ['month 00', 400, 'Invalid value for expirationMonth', field({ expirationMonth: '00' })],
    ['month 13', 400, 'Invalid value for expirationMonth', field({ expirationMonth: '13' })],
    ['month 1', 400, 'Invalid value for expirationMonth', field({ expirationMonth: '1' })],
    ['a year of three digits', 400, 'Invalid value for expirationYear', field({ expirationYear: '203' })],
    ['a year that is far off', 400, 'Invalid value for expirationYear', field({ expirationYear: '92' })],
    ['a month that has ended', 400, 'Card has expired', field({ expirationYear: '2020' })],
    ['a year of two digits that has ended', 400, 'Card has expired', field({ expirationYear: '20' })],
    ['a code of two digits', 400, 'Invalid value for cvv', field({ cvv: '12' })],
    ['a code of four for Visa', 400, 'Invalid value for cvv', field({ cvv: '1234' })],
    ['a code of letters', 400, 'Invalid value for cvc', field({ cvv: undefined, cvc: 'abc' })],
    ['two codes', 400, 'Invalid value for cvc', field({ cvc: '321' })],
    [
      'a code of three for American Express',
      400,
      'Invalid value for cvv',
      field({ cardNumber: testCards.amex }),
    ],
  ])('%s', async (_, status, message, body) => {
    const before = countWritten(scenario)
    expectRefusal(await demo.call('POST', '/tokenize', { body }), status, message)
    expect(countWritten(scenario)).toEqual(before)
  })

  test('a test token of a number that nobody published for tests', async () => {
    const reply = await demo.call('POST', '/test-tokens', { body: testTokenBody({ number: loadCard(1) }) })
    expectRefusal(reply, 400, 'Invalid card number')
  })

  test('a test token without a code', async () => {
    const { cvc: _, ...body } = testTokenBody({ number })
    const reply = await demo.call('POST', '/test-tokens', { body })
    expectRefusal(reply, 400, 'Missing required field: cvc')
  })

  test('more codes than a tenant may hold: the card is not kept either, and the reply says when there is room', async () => {
    // Deleted afterwards, so that the other tests find room.
    const sessions: string[] = []
    let full: Reply | undefined
    while (!full && sessions.length <= codesPerTenant) {
      const before = countWritten(scenario)
      const reply = await demo.call('POST', '/tokenize', { body: tokenizeBody(card) })
      if (reply.status === 201) sessions.push(String(reply.body['cvc_session_id']))
      else {
        full = reply
        expect(countWritten(scenario)).toEqual(before)
      }
    }
    const seconds = full?.body['retry_after_seconds']
    expect(full?.status).toBe(429)
    expect(full?.body).toEqual({
      success: false,
      message: 'Rate limit exceeded',
      data: null,
      retry_after_seconds: expect.any(Number),
    })
    expect(full?.headers['retry-after']).toBe(String(seconds))
    for (const id of sessions) await demo.call('DELETE', `/proxy/delete-cvc-session/${id}`)
    expect((await demo.tokenize(card)).session).not.toBe('')
  })
})

describe('a forward that is refused before anything is sent leaves the code where it was', () => {
  const nowhere = 'https://provider.invalid/v1/charges'
  type Wish = (body: Json) => Json
  const data =
    (fields: Json): Wish =>
    (body) => ({ ...body, request_data: { ...(body['request_data'] as Json), ...fields } })
  const also =
    (fields: Json): Wish =>
    (body) => ({ ...body, ...fields })

  test.each<readonly [string, number, string, Wish]>([
    ['no token', 400, 'Missing required field: token', also({ token: undefined })],
    ['no URL', 400, 'Missing required field: proxy_url', also({ proxy_url: undefined })],
    ['no data', 400, 'Missing required field: request_data', also({ request_data: undefined })],
    ['data that is a list', 400, 'Invalid value for request_data', also({ request_data: [] })],
    ['a method that is not offered', 400, 'Invalid value for http_method', also({ http_method: 'TRACE' })],
    ['GET with a body', 400, 'Invalid value for request_data', also({ http_method: 'GET' })],
    ['no URL at all', 400, 'Invalid proxy URL', also({ proxy_url: 'provider' })],
    ['plain HTTP', 400, 'Invalid proxy URL', also({ proxy_url: url.replace('https', 'http') })],
    ['another scheme', 400, 'Invalid proxy URL', also({ proxy_url: 'ftp://provider.example/' })],
    ['a host that is not allowed', 400, 'Invalid proxy URL', also({ proxy_url: nowhere })],
    [
      'a port that is not allowed',
      400,
      'Invalid proxy URL',
      also({ proxy_url: 'https://localhost/v1/charges' }),
    ],
    ['a user in the URL', 400, 'Invalid proxy URL', also({ proxy_url: url.replace('//', '//a:b@') })],
    ['a fragment', 400, 'Invalid proxy URL', also({ proxy_url: `${url}#a` })],
    ['a path that is not allowed', 400, 'Invalid proxy URL', also({ proxy_url: `${closed}/v2/charges` })],
    ['a path that leads out', 400, 'Invalid proxy URL', also({ proxy_url: `${closed}/v1/../v2` })],
    ['a slash that is hidden', 400, 'Invalid proxy URL', also({ proxy_url: `${closed}/v1/..%2fv2` })],
    [
      'a method that is not allowed there',
      400,
      'Invalid proxy URL',
      also({ proxy_url: `${closed}/v1/charges`, http_method: 'PUT' }),
    ],
    [
      'a name that leads to a refused address',
      400,
      'Invalid proxy URL',
      also({ proxy_url: 'https://localhost:1/' }),
    ],
    ['a placeholder in the URL', 400, 'Invalid proxy URL', also({ proxy_url: `${url}?n=\${cardNumber}` })],
    [
      'a placeholder in a header',
      400,
      'Invalid value for http_headers',
      also({ http_headers: { 'x-a': '${cvv}' } }),
    ],
    ['a Host header', 400, 'Invalid value for http_headers', also({ http_headers: { HOST: 'a' } })],
    ['a length', 400, 'Invalid value for http_headers', also({ http_headers: { 'content-length': '1' } })],
    [
      'a proxy header',
      400,
      'Invalid value for http_headers',
      also({ http_headers: { 'Proxy-Authorization': 'a' } }),
    ],
    [
      'a header of two lines',
      400,
      'Invalid value for http_headers',
      also({ http_headers: { 'x-a': 'a\r\nx-b: b' } }),
    ],
    [
      'a name of two lines',
      400,
      'Invalid value for http_headers',
      also({ http_headers: { 'x-a\r\nx-b': 'b' } }),
    ],
    [
      'a header twice',
      400,
      'Invalid value for http_headers',
      also({ http_headers: { 'x-a': '1', 'X-A': '2' } }),
    ],
    ['a header that is a number', 400, 'Invalid value for x-a', also({ http_headers: { 'x-a': 1 } })],
    ['an unknown placeholder', 400, 'Invalid value for request_data: ${iban}', data({ a: '${iban}' })],
    ['one with another case', 400, 'Invalid value for request_data: ${CVV}', data({ a: 'x${CVV}' })],
    ['one that is not closed', 400, 'Invalid value for request_data: ${cvv', data({ a: '${cvv' })],
    ['one in a key', 400, 'Invalid value for request_data: ${cvv}', data({ '${cvv}': 'a' })],
    ['one deep inside', 400, 'Invalid value for request_data: ${x}', data({ a: [[{ b: ['${x}'] }]] })],
    ['an inherited name', 400, 'Invalid value for request_data: ${toString}', data({ a: '${toString}' })],
    [
      'a card number in one',
      400,
      'Invalid value for request_data: ${[card number]}',
      data({ a: `\${${number}}` }),
    ],
    ['a body beyond 1 MiB', 400, 'Invalid value for request_data', data({ a: 'x'.repeat(1024 * 1024) })],
    [
      'more than 20,000 values',
      400,
      'Invalid value for body',
      data({ a: Array.from({ length: 20_001 }, () => 1) }),
    ],
    ['an unknown token', 404, 'Token not found', also({ token: `tok_${'a'.repeat(26)}` })],
    ['no token at all', 404, 'Token not found', also({ token: 'x' })],
    [
      'an unknown session',
      404,
      'CVC session expired or not found',
      also({ cvc_session_id: crypto.randomUUID() }),
    ],
    ['no session at all', 404, 'CVC session expired or not found', also({ cvc_session_id: 'session_xyz' })],
    ['no session', 400, 'Missing required field: cvc_session_id', also({ cvc_session_id: undefined })],
    [
      'a port that nobody listens on',
      502,
      'Failed to proxy request',
      also({ proxy_url: `${closed}/v1/charges` }),
    ],
    ['a provider that never speaks', 504, 'Request timeout', also({ proxy_url: silent })],
  ])('%s', async (_, status, message, wish) => {
    const seen = provider.requests.length
    const { token, session } = await demo.tokenize(card)
    const body = wish(chargeBody({ token, session, url }))
    expectRefusal(await demo.call('POST', '/proxy/transaction', { body }), status, message, 'no')
    expect(provider.requests).toHaveLength(seen)
    expect(await demo.charge({ token, session, url })).toMatchObject({ status: 200, sent: 'yes' })
  })

  test('a session of another token', async () => {
    const [one, other] = [
      await demo.tokenize(card),
      await demo.tokenize({ number: testCards.mastercard, code: '321' }),
    ]
    const reply = await demo.charge({ token: other.token, session: one.session, url })
    expectRefusal(reply, 404, 'CVC session expired or not found', 'no')
    expect(await demo.charge({ ...one, url })).toMatchObject({ status: 200 })
  })
})

describe('a forward of which something may have left spends the code, whatever came back', () => {
  // What lasts for half a minute stands in hostile-providers.test.ts.
  test.each<readonly [string, number, string, string, string]>([
    ['the connection breaks before an answer', 502, 'Failed to proxy request', 'unknown', '/reset/head'],
    ['it breaks within the answer', 502, 'Failed to proxy request', 'yes', '/reset/body'],
    ['the answer is no HTTP', 502, 'Failed to proxy request', 'unknown', '/no-http'],
    ['the answer cannot be decoded', 502, 'Failed to proxy request', 'yes', '/echo/damaged-gzip'],
    ['the answer is of an unknown encoding', 502, 'Failed to proxy request', 'yes', '/echo/unknown-encoding'],
    ['the answer is too large', 502, 'Failed to proxy request', 'yes', '/large/chunked'],
  ])('%s', async (_, status, message, sent, path) => {
    const { token, session } = await demo.tokenize(card)
    const reply = await demo.charge({ token, session, url: provider.origin + path })
    expectRefusal(reply, status, message, sent)
    expectRefusal(await demo.charge({ token, session, url }), 404, 'CVC session expired or not found', 'no')
  })
})

test("a provider's own refusal is an answer, and its redirect is not followed", async () => {
  const { token, session } = await demo.tokenize(card)
  const seen = provider.requests.length
  const moved = await demo.charge({
    token,
    session,
    url: `${provider.origin}/redirect?to=${provider.origin}/v1`,
  })
  expect(moved).toMatchObject({ status: 200, sent: 'yes' })
  expect(moved.body).toMatchObject({ success: true, proxy_response: { status_code: 302, body: 'elsewhere' } })
  expect(provider.requests).toHaveLength(seen + 1)
})

test('numbers keep their spelling on the way to the provider and back', async () => {
  const { token } = await demo.tokenize({ number })
  const body = `{"token":"${token}","proxy_url":"${provider.origin}/echo/body","request_data":{"amount":10.00,"id":12345678901234567890}}`
  const reply = await demo.call('POST', '/proxy/transaction', { body })
  expect(reply.text).toContain('"body":{"amount":10.00,"id":12345678901234567890}')
})
