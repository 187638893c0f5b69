import { testCards } from '@cardkeep/testing/canary/cards'
import { answer } from '@cardkeep/testing/provider/behaviours'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import type { Reply } from './support/client.ts'
import { allowProvider, startScenario } from './support/scenario.ts'
import { chargesOf } from './support/shop.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scenario = await startScenario()
const { demo: shop } = scenario
let sent = { type: '', body: '' }
const provider = await startProvider({
  answers: {
    '/capture': ({ headers, body }, response) => {
      sent = { type: headers['content-type'] ?? '', body: body.toString() }
      answer(response, 200, 'application/xml', '<taken/>')
    },
    '/echo/xml': ({ body }, response) => answer(response, 200, 'application/xml', body),
  },
})
cleanUp(() => provider.close())
const url = chargesOf(provider)

beforeAll(() => allowProvider(scenario, shop, provider))

interface Sending {
  readonly body: string
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly query?: string
}

const send = ({ body, type = 'application/xml', headers, query = '' }: Sending): Promise<Reply> =>
  shop.call('POST', `/proxy/transaction${query}`, { body, headers: { 'content-type': type, ...headers } })

const card = { number: testCards.visa, code: '123' }
const charge = `<?xml version="1.0" encoding="UTF-8"?>
<sale xmlns="urn:shop"><!-- of the shop -->
  <amount currency="EUR">1999</amount>
  <card number="\${cardNumber}"><expMonth>\${expirationMonth}</expMonth><expYear>\${expirationYear:YYYY}</expYear>
  <cvc><![CDATA[\${cvv}]]></cvc></card>
</sale>`

test('XML is charged with its controls in headers, and the reply is wrapped as for JSON', async () => {
  const { token, session } = await shop.tokenize(card)
  const headers = { 'x-token': token, 'x-proxy-url': url, 'x-cvc-session-id': session }
  const reply = await send({ body: charge, headers })
  expect(reply).toMatchObject({ status: 200, sent: 'yes' })
  expect(reply.body).toMatchObject({
    success: true,
    proxy_response: { status_code: 200, body: { status: 'approved', card: { exp_year: '2030' } } },
  })
  expect(provider.requests.at(-1)?.card).toEqual({ mask: '411111******1111', codeLength: 3 })
})

test.each([
  'text/xml',
  'application/xml; charset=UTF-8',
  'application/soap+xml; charset=utf-8; action="urn:sale"',
])('%s arrives as the type that it came as, and only its placeholders are changed', async (type) => {
  const { token, session } = await shop.tokenize(card)
  const given = { token, cvc_session_id: session, proxy_url: `${provider.origin}/capture` }
  const query = `?${new URLSearchParams(given).toString()}`
  const reply = await send({ body: charge, type, query })
  expect(reply.body).toMatchObject({ proxy_response: { body: '<taken/>' } })
  expect(sent.type).toBe(type)
  const values = {
    '${cardNumber}': testCards.visa,
    '${cvv}': '123',
    '${expirationMonth}': '12',
    '${expirationYear:YYYY}': '2030',
  }
  const expected = Object.entries(values).reduce(
    (text, [name, value]) => text.replaceAll(name, value),
    charge,
  )
  expect(sent.body).toBe(expected)
})

test('a provider that sends XML back does not show the card', async () => {
  const { token } = await shop.tokenize({ number: testCards.visa })
  const headers = { 'x-token': token, 'x-proxy-url': `${provider.origin}/echo/xml` }
  const reply = await send({ body: '<sale number="${cardNumber}"/>', headers })
  expect(reply).toMatchObject({ status: 200, body: { proxy_response: { status_code: 200 } } })
  expect(reply.text).toContain('<sale number=')
  expect(reply.text).not.toContain(testCards.visa)
})

describe('XML is refused, and nothing is sent', () => {
  type Case = readonly [string, number, string, Partial<Sending>]
  const unreadable = 'Invalid value for body'
  test.each<Case>([
    ['that is not well-formed', 400, unreadable, { body: '<a>' }],
    ['with a document type', 400, unreadable, { body: '<!DOCTYPE a><a/>' }],
    [
      'that declares an entity',
      400,
      unreadable,
      { body: '<!DOCTYPE a [<!ENTITY e SYSTEM "https://elsewhere.example/x">]><a>&e;</a>' },
    ],
    ['with an entity that nobody declared', 400, unreadable, { body: '<a>&e;</a>' }],
    ['with a placeholder as a tag', 400, unreadable, { body: '<${cardNumber}/>' }],
    ['in another encoding', 400, unreadable, { body: '<?xml version="1.0" encoding="ISO-8859-1"?><a/>' }],
    ['in another charset', 415, 'Invalid value for Content-Type', { type: 'text/xml; charset=latin1' }],
    [
      'with a placeholder in a comment',
      400,
      'Invalid value for request_data: <!--${cvv}-->',
      { body: '<a><!--${cvv}--></a>' },
    ],
    [
      'with an unknown placeholder',
      400,
      'Invalid value for request_data: ${iban}',
      { body: '<a>${iban}</a>' },
    ],
    [
      'with one that references hide',
      400,
      'Invalid value for request_data: ${iban}',
      { body: '<a>&#36;&#123;iban}</a>' },
    ],
    [
      'that wants a name that nobody gave',
      400,
      'Invalid value for request_data: last name',
      { body: '<a>${lastName}</a>' },
    ],
    ['without a token', 400, 'Missing required field: token', { headers: { 'x-proxy-url': url } }],
    ['as a GET', 400, 'Invalid value for request_data', { query: '?http_method=GET' }],
  ])('%s', async (_, status, message, parts) => {
    const { token } = await shop.tokenize({ number: testCards.visa })
    const seen = provider.requests.length
    const reply = await send({ body: '<a/>', headers: { 'x-token': token, 'x-proxy-url': url }, ...parts })
    expect(reply).toMatchObject({ status, sent: 'no', body: { success: false, message, data: null } })
    expect(provider.requests).toHaveLength(seen)
  })
})

test('a name that XML cannot carry is refused before the code is taken', async () => {
  const lastName = 'A\ufffe'
  const data = {
    cardNumber: testCards.visa,
    expirationMonth: '12',
    expirationYear: '2030',
    cvv: '123',
    lastName,
  }
  const made = await shop.call('POST', '/tokenize', { body: { type: 'card', data } })
  const { token, cvc_session_id: session } = made.body as { token: string; cvc_session_id: string }
  const headers = { 'x-token': token, 'x-proxy-url': url, 'x-cvc-session-id': session }
  const refused = await send({ body: '<a n="${cvv}">${lastName}</a>', headers })
  expect(refused).toMatchObject({
    status: 400,
    sent: 'no',
    body: { message: 'Invalid value for request_data: last name' },
  })
  expect(await send({ body: charge, headers })).toMatchObject({ status: 200, sent: 'yes' })
})
