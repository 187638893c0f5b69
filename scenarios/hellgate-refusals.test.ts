import { createServer } from 'node:net'
import { testCards } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import type { Json, Reply } from './support/client.ts'
import { importBody, type Merchant } from './support/hellgate.ts'
import { faultsOf, notFound, openMerchant } from './support/hellgate-scenario.ts'
import { countWritten } from './support/rows.ts'
import { allowOrigin, allowProvider, startScenario } from './support/scenario.ts'
import { chargesOf } from './support/shop.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * The table of errors in docs/wire/hellgate.md, as far as a merchant's server meets it: status, classifier and what is
 * wrong, and for a forward whether anything was sent.
 */

const codesPerTenant = 30
const scenario = await startScenario({ CARDKEEP_CODES_PER_TENANT: String(codesPerTenant) })
const provider = await startProvider()
cleanUp(() => provider.close())
const url = chargesOf(provider)

const closedServer = createServer()
await new Promise<void>((resolve) => closedServer.listen(0, '127.0.0.1', resolve))
const address = closedServer.address()
const closed = `https://localhost:${typeof address === 'object' ? address?.port : 0}`
await new Promise((resolve) => closedServer.close(resolve))

let merchant: Merchant
beforeAll(async () => {
  await allowProvider(scenario, scenario.demo, provider)
  await allowOrigin(scenario, scenario.demo, closed, ['--tenant', 'demo', '--private'])
  // Without `--private`, so that the allow-list has it and its addresses are refused.
  await allowOrigin(scenario, scenario.demo, 'https://localhost:1', ['--tenant', 'demo'])
  merchant = await openMerchant(scenario)
})

const card = { number: testCards.visa, code: '123' }

describe('a card that is not taken', () => {
  test.each<readonly [string, Json, string]>([
    ['no number', { account_number: undefined }, '$.account_number is missing'],
    ['an empty number', { account_number: '' }, '$.account_number is not valid'],
    ['a number that is a number', { account_number: 4111111111111111 }, '$.account_number is not valid'],
    ['a wrong check digit', { account_number: '4111111111111112' }, '$.account_number is not a card number'],
    [
      'letters in the number',
      { account_number: '411111111111111x' },
      '$.account_number is not a card number',
    ],
    ['no month', { expiry_month: undefined }, '$.expiry_month is missing'],
    ['month 0', { expiry_month: 0 }, '$.expiry_month is not valid'],
    ['month 13', { expiry_month: 13 }, '$.expiry_month is not valid'],
    ['a month that is text', { expiry_month: '12' }, '$.expiry_month is not valid'],
    ['a month and a half', { expiry_month: 1.5 }, '$.expiry_month is not valid'],
    ['no year', { expiry_year: undefined }, '$.expiry_year is missing'],
    ['a year of two digits', { expiry_year: 30 }, '$.expiry_year is not valid'],
    [
      'a year that is far off',
      { expiry_year: 3000 },
      '$.expiry_year is not a year in which a card can expire',
    ],
    ['a code of two digits', { security_code: '12' }, '$.security_code is not valid'],
    ['a code of five', { security_code: '12345' }, '$.security_code is not valid'],
    ['a code that is a number', { security_code: 123 }, '$.security_code is not valid'],
    [
      'a code of four for Visa',
      { security_code: '1234' },
      '$.security_code is not a security code of this card',
    ],
    ['a code of letters', { security_code: 'abc' }, '$.security_code is not a security code of this card'],
    [
      'a code of three for American Express',
      { account_number: testCards.amex },
      '$.security_code is not a security code of this card',
    ],
    ['an empty name', { cardholder_name: '' }, '$.cardholder_name is not valid'],
    ['a name with a line break', { cardholder_name: 'Jane\nHolder' }, '$.cardholder_name is not valid'],
    [
      'a card number for a name',
      { cardholder_name: '4111 1111-1111.1111' },
      '$.cardholder_name is not valid',
    ],
    ['an unknown field', { pin: '1234' }, '$.pin is not valid'],
  ])('%s', async (_, fields, fault) => {
    const before = countWritten(scenario)
    const refused = await merchant.call('POST', '/cde-import', { body: { ...importBody(card), ...fields } })
    expect([refused.status, faultsOf(refused)]).toEqual([422, [fault]])
    expect(countWritten(scenario)).toEqual(before)
  })

  test.each<readonly [string, Json]>([
    ['a name that is null', { cardholder_name: null }],
    ['a code that is null', { security_code: null }],
    ['a card that has expired', { expiry_year: 2000 }],
  ])('but is taken: %s', async (_, fields) => {
    const taken = await merchant.call('POST', '/cde-import', { body: { ...importBody(card), ...fields } })
    expect(taken.status).toBe(200)
    await merchant.call('POST', `/tokens/${String(taken.body['id'])}/consume`)
  })

  test('more codes than a tenant may hold: the card is not kept either', async () => {
    const tokens: string[] = []
    let full: Reply | undefined
    while (!full && tokens.length <= codesPerTenant) {
      const before = countWritten(scenario)
      const reply = await merchant.call('POST', '/cde-import', { body: importBody(card) })
      if (reply.status === 200) tokens.push(String(reply.body['id']))
      else {
        full = reply
        expect(countWritten(scenario)).toEqual(before)
      }
    }
    expect(full).toMatchObject({ status: 429, body: { classifier: 'TOO_MANY_REQUESTS' } })
    expect(full?.headers['retry-after']).toBe('60')
    // A code that a browser sends is not taken either, and its session waits for it.
    const token = await merchant.importCard({ number: card.number })
    expect(await merchant.refresh(token, '123')).toMatchObject({ status: 429 })
    for (const id of tokens) await merchant.call('POST', `/tokens/${id}/consume`)
    expect(await merchant.refresh(token, '123')).toMatchObject({ status: 200 })
    await merchant.call('POST', `/tokens/${token}/consume`)
  })
})

describe('a forward that is refused before anything is sent leaves the code where it was', () => {
  const forbidden = { status: 403, sent: 'no', body: { code: 403, classifier: 'FORBIDDEN' } }
  const good = { number: '{{ account_number }}', code: '{{ security_code }}' }

  /** Sends, and expects that nothing was sent and that the code is still good for the next forward. */
  const refuse = async (headers: Readonly<Record<string, string>>, body: unknown = good): Promise<Reply> => {
    const token = await merchant.importCard(card)
    const before = provider.requests.length
    const reply = await merchant.call('POST', '/forward', {
      headers: { 'x-hellgate-token': token, 'x-destination-url': url, ...headers },
      body,
    })
    expect(reply.sent).toBe('no')
    expect(provider.requests).toHaveLength(before)
    expect(await merchant.isCodeHeld(token)).toBe(true)
    expect(await merchant.charge({ token, url })).toMatchObject({ status: 200, sent: 'yes' })
    return reply
  }

  test.each([
    ['a host that is not allowed', 'https://provider.invalid/v1/charges'],
    ['a port that is not allowed', 'https://localhost/v1/charges'],
    ['plain HTTP', url.replace('https', 'http')],
    ['a user in the URL', url.replace('//', '//a:b@')],
    ['no URL at all', 'provider'],
    ['a name that leads to a refused address', 'https://localhost:1/'],
  ])('%s', async (_, destination) => {
    expect(await refuse({ 'x-destination-url': destination })).toMatchObject(forbidden)
  })

  test.each<readonly [string, unknown, string]>([
    ['no JSON', '{"number": {{ account_number }', 'has a placeholder that cannot stand there'],
    [
      'a text without quotation marks',
      '{"n": {{ account_number }}}',
      'has a placeholder that cannot stand there',
    ],
    [
      'a code without quotation marks',
      '{"c": {{ security_code }}}',
      'has a placeholder that cannot stand there',
    ],
    ['an unknown placeholder', { n: '{{ iban }}' }, 'has a placeholder that cannot stand there'],
    ['an unknown filter', { n: '{{ account_number | upper }}' }, 'has a placeholder that cannot stand there'],
    ['one that is not closed', { n: '{{ account_number' }, 'has a placeholder that cannot stand there'],
    ['one in a key', { '{{ account_number }}': 1 }, 'has a placeholder that cannot stand there'],
    [
      'a name that the card has not',
      { n: '{{ cardholder_name }}' },
      'asks for what the token has not: holder name',
    ],
    ['nothing', '', 'cannot be read'],
    ['a key twice', '{"a":1,"a":2}', 'cannot be read'],
  ])('%s', async (_, body, fault) => {
    const refused = await refuse({}, body)
    expect([refused.status, faultsOf(refused).map((text) => text.replace(/(there): .*/, '$1'))]).toEqual([
      422,
      [`$ ${fault}`],
    ])
  })

  test.each([
    ['a placeholder in a header', { 'x-a': '{{ security_code }}' }, "$['x-a'] may not be sent"],
    ['half of a pair', { 'x-psp-name': 'Authorization' }, "$['x-psp-value'] is missing"],
    [
      'a pair that names the host',
      { 'x-psp-name': 'Host', 'x-psp-value': 'elsewhere' },
      "$['host'] may not be sent",
    ],
    [
      'a placeholder in the URL',
      { 'x-destination-url': `${url}?n={{ account_number }}` },
      "$['x-destination-url'] is not valid",
    ],
    [
      'a session in which no code is held',
      { 'x-cvc-session-id': crypto.randomUUID() },
      "$['x-cvc-session-id'] names no session in which a code is held",
    ],
  ])('%s', async (_, headers, fault) => {
    const refused = await refuse(headers)
    expect([refused.status, faultsOf(refused)]).toEqual([422, [fault]])
  })

  test.each(['x-hellgate-token', 'x-destination-url'])('no %s', async (name) => {
    const headers = { 'x-hellgate-token': crypto.randomUUID(), 'x-destination-url': url }
    const sent = Object.fromEntries(Object.entries(headers).filter(([header]) => header !== name))
    const refused = await merchant.call('POST', '/forward', { headers: sent, body: good })
    expect([refused.status, refused.sent, faultsOf(refused)]).toEqual([
      422,
      'no',
      [`$['${name}'] is missing`],
    ])
  })

  test.each(['never made', 'no token at all'])('a token that was %s', async (which) => {
    const token = which === 'never made' ? crypto.randomUUID() : 'x'
    expect(await refuse({ 'x-hellgate-token': token })).toMatchObject({ status: 404, body: notFound })
  })

  test('a port that nobody listens on', async () => {
    const token = await merchant.importCard(card)
    expect(await merchant.charge({ token, url: `${closed}/v1/charges` })).toMatchObject({
      status: 502,
      sent: 'no',
      body: { code: 502, classifier: 'BAD_GATEWAY' },
    })
    await until('the code again', () => merchant.isCodeHeld(token))
    expect(await merchant.charge({ token, url })).toMatchObject({ status: 200, sent: 'yes' })
  })
})

describe('a forward of which something may have left spends the code, whatever came back', () => {
  test.each([
    ['the connection breaks before an answer', 502, 'unknown', '/reset/head'],
    ['it breaks within the answer', 502, 'yes', '/reset/body'],
    ['the answer is no HTTP', 502, 'unknown', '/no-http'],
    ['the answer cannot be decoded', 502, 'yes', '/echo/damaged-gzip'],
    ['the answer is too large', 502, 'yes', '/large/chunked'],
  ])('%s', async (_, status, sent, path) => {
    const token = await merchant.importCard(card)
    const reply = await merchant.charge({ token, url: provider.origin + path })
    expect([reply.status, reply.sent]).toEqual([status, sent])
    expect(reply.body).toMatchObject({ code: 502, classifier: 'BAD_GATEWAY' })
    expect(await merchant.isCodeHeld(token)).toBe(false)
  })

  test('what a destination echoes of a card does not come back in clear', async () => {
    for (const path of ['/echo/body', '/echo/error', '/echo/header', '/echo/base64']) {
      const token = await merchant.importCard({ ...card, number: testCards.amex, code: '7391' })
      const reply = await merchant.charge({ token, url: provider.origin + path })
      const all = reply.text + JSON.stringify(reply.headers)
      for (const secret of [testCards.amex, Buffer.from(testCards.amex).toString('base64').slice(0, -4)])
        expect([path, all.includes(secret)]).toEqual([path, false])
    }
  })
})
