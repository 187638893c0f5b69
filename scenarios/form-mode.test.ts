import { testCards } from '@cardkeep/testing/canary/cards'
import { answer } from '@cardkeep/testing/provider/behaviours'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { readXmlBack } from '@cardkeep/testing/read-xml'
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import type { Reply } from './support/client.ts'
import { allowProvider, startScenario } from './support/scenario.ts'
import { chargesOf } from './support/shop.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scenario = await startScenario()
const { demo: shop } = scenario
/** What the provider was sent last, in memory only. */
let sent = { type: '', body: '', headers: {} as Readonly<Record<string, unknown>> }
const provider = await startProvider({
  answers: {
    '/capture': ({ headers, body }, response) => {
      sent = { type: headers['content-type'] ?? '', body: body.toString(), headers }
      answer(response, 200, 'text/plain', 'taken')
    },
  },
})
cleanUp(() => provider.close())
const url = chargesOf(provider)
const capture = `${provider.origin}/capture`

beforeAll(() => allowProvider(scenario, shop, provider))
beforeEach(() => {
  sent = { type: '', body: '', headers: {} }
})

const form = 'application/x-www-form-urlencoded'

interface Sending {
  readonly body: string
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly query?: string
}

const send = ({ body, type = form, headers, query = '' }: Sending): Promise<Reply> =>
  shop.call('POST', `/proxy/transaction${query}`, { body, headers: { 'content-type': type, ...headers } })

const card = { number: testCards.visa, code: '123' }
const charge =
  'amount=1999&currency=EUR&card[number]=%24%7BcardNumber%7D&card[exp_month]=${expirationMonth}&card[exp_year]=${expirationYear}&card[cvc]=${cvv}'

test('a form is charged with its controls in headers, and the reply is wrapped as for JSON', async () => {
  const { token, session } = await shop.tokenize(card)
  const headers = { 'x-token': token, 'x-proxy-url': url, 'x-cvc-session-id': session }
  const reply = await send({ body: charge, headers })
  expect(reply).toMatchObject({ status: 200, sent: 'yes' })
  expect(reply.body).toMatchObject({
    success: true,
    proxy_response: { status_code: 200, body: { status: 'approved', amount: 1999 } },
  })
  expect(provider.requests.at(-1)).toMatchObject({
    headers: { 'content-type': form },
    card: { mask: '411111******1111', codeLength: 3 },
  })
  expect(await send({ body: charge, headers })).toMatchObject({ status: 404, sent: 'no' })
})

test('controls in the form or in the query are not sent on', async () => {
  const { token, session } = await shop.tokenize(card)
  const controls = new URLSearchParams({ token, proxy_url: capture, cvc_session_id: session }).toString()
  expect(await send({ body: `a=1&${controls}&n=\${cardNumber}&c=\${cvv}&a=2` })).toMatchObject({
    status: 200,
  })
  expect(sent).toMatchObject({ type: form, body: `a=1&n=${testCards.visa}&c=123&a=2` })
  const other = await shop.tokenize(card)
  const given = { token: other.token, proxy_url: capture, cvc_session_id: other.session }
  const query = `?${new URLSearchParams(given).toString()}`
  expect(await send({ body: 'n=${cardNumber}&c=${cvv}', query })).toMatchObject({ status: 200 })
  expect(sent.body).toBe(`n=${testCards.visa}&c=123`)
})

test('headers for the provider come by their prefix, and nothing else of the request goes there', async () => {
  const { token } = await shop.tokenize({ number: testCards.visa })
  const headers = {
    'x-token': token,
    'x-proxy-url': capture,
    'x-http-method': 'PUT',
    'x-forward-authorization': 'Bearer provider',
    'x-forward-idempotency-key': '7',
  }
  expect(await send({ body: 'a=1', headers })).toMatchObject({
    status: 200,
    body: { proxy_response: { body: 'taken' } },
  })
  expect(provider.requests.at(-1)?.method).toBe('PUT')
  expect(sent.headers).toMatchObject({ authorization: 'Bearer provider', 'idempotency-key': '7' })
  const names = Object.keys(sent.headers)
  for (const name of ['x-api-key', 'x-token', 'x-proxy-url', 'x-forward-authorization'])
    expect(names).not.toContain(name)
})

/** Names that would be something else in a form or in XML. */
const hostileNames = [
  '</a><b>',
  '</lastName><amount>1</amount>',
  ']]>',
  ']]><admin/><![CDATA[',
  '"',
  `" x='1`,
  '&',
  '&amp;',
  '&#0;',
  '&lt;!DOCTYPE x&gt;',
  '%26x=1',
  '&amount=1',
  '=',
  '+',
  '100%',
  '${cvv}',
  'Ædæ 李 😀',
]

const tokenFor = async (lastName: string): Promise<string> => {
  const data = { cardNumber: testCards.visa, expirationMonth: '12', expirationYear: '2030', lastName }
  const made = await shop.call('POST', '/tokenize', { body: { type: 'card', data } })
  expect(made.status).toBe(201)
  return String(made.body['token'])
}

describe('XML and form injection through a cardholder name', () => {
  test.each(hostileNames)('%s', async (name) => {
    const token = await tokenFor(name)
    const headers = { 'x-token': token, 'x-proxy-url': capture }
    expect(await send({ body: 'amount=1999&name=Mr.+${lastName}&z=1', headers })).toMatchObject({
      status: 200,
    })
    expect([...new URLSearchParams(sent.body)]).toEqual([
      ['amount', '1999'],
      ['name', `Mr. ${name}`],
      ['z', '1'],
    ])

    const body =
      '<sale holder="${lastName}"><lastName>Mr. ${lastName}</lastName><note><![CDATA[for ${lastName}]]></note><amount>1999</amount></sale>'
    expect(await send({ body, type: 'application/xml', headers })).toMatchObject({ status: 200 })
    expect(sent.type).toBe('application/xml')
    expect(readXmlBack(sent.body)).toEqual({
      sale: {
        '@holder': name,
        lastName: { '#text': `Mr. ${name}` },
        note: { '#text': `for ${name}` },
        amount: { '#text': '1999' },
      },
    })

    const json = { token, proxy_url: capture, request_data: { amount: 1999, name: 'Mr. ${lastName}' } }
    expect(await shop.call('POST', '/proxy/transaction', { body: json })).toMatchObject({ status: 200 })
    expect(JSON.parse(sent.body)).toEqual({ amount: 1999, name: `Mr. ${name}` })
  })
})

describe('a form is refused, and nothing is sent', () => {
  type Case = readonly [string, number, string, Partial<Sending>]
  test.each<Case>([
    ['without a token', 400, 'Missing required field: token', { headers: { 'x-proxy-url': url } }],
    ['without a URL', 400, 'Missing required field: proxy_url', { headers: { 'x-token': 'tok' } }],
    ['with an escape that is none', 400, 'Invalid value for body', { body: 'a=%zz' }],
    ['with bytes that are not UTF-8', 400, 'Invalid value for body', { body: 'a=%ff' }],
    ['with too many fields', 400, 'Invalid value for body', { body: `a${'&a'.repeat(1_000)}` }],
    ['in another charset', 415, 'Invalid value for Content-Type', { type: `${form}; charset=iso-8859-1` }],
    [
      'as a form of several parts',
      415,
      'Invalid value for Content-Type',
      { type: 'multipart/form-data; boundary=a' },
    ],
    ['with an unknown placeholder', 400, 'Invalid value for request_data: ${iban}', { body: 'a=${iban}' }],
    ['with one in a name', 400, 'Invalid value for request_data: ${cvv}', { body: '${cvv}=1' }],
    [
      'that wants a name that nobody gave',
      400,
      'Invalid value for request_data: first name',
      { body: 'a=${firstName}' },
    ],
    [
      'that wants an account of a card',
      400,
      'Invalid value for request_data: account number',
      { body: 'a=${accountNumber}' },
    ],
    ['with a code that is not held', 400, 'Missing required field: cvc_session_id', { body: 'a=${cvv}' }],
    ['with another query', 400, 'Invalid value for a', { query: '?a=1' }],
    ['with another word for a dry run', 400, 'Invalid value for dry_run', { query: '?dry_run=yes' }],
  ])('%s', async (_, status, message, parts) => {
    const { token } = await shop.tokenize({ number: testCards.visa })
    const seen = provider.requests.length
    const reply = await send({ body: 'a=1', headers: { 'x-token': token, 'x-proxy-url': url }, ...parts })
    expect(reply).toMatchObject({ status, sent: 'no', body: { success: false, message, data: null } })
    expect(provider.requests).toHaveLength(seen)
  })

  test('where only JSON is taken', async () => {
    const reply = await shop.call('POST', '/tokenize', { body: 'a=1', headers: { 'content-type': form } })
    expect(reply).toMatchObject({ status: 415, body: { message: 'Invalid value for Content-Type' } })
  })
})

test('a dry run of a form shows it masked, and sends and spends nothing', async () => {
  const { token, session } = await shop.tokenize(card)
  const headers = { 'x-token': token, 'x-proxy-url': url, 'x-cvc-session-id': session }
  const seen = provider.requests.length
  const reply = await send({ body: charge, headers, query: '?dry_run=true' })
  expect(reply).toMatchObject({ status: 200, sent: 'no', body: { success: true, dry_run: { passes: true } } })
  expect(reply.text).not.toContain(testCards.visa)
  expect(provider.requests).toHaveLength(seen)
  expect(await send({ body: charge, headers, query: '?dry_run=false' })).toMatchObject({
    status: 200,
    sent: 'yes',
  })
})
