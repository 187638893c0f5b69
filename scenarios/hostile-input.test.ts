import { testCards } from '@cardkeep/testing/canary/cards'
import {
  notBodies,
  notBooleans,
  notIntegers,
  notObjects,
  notTexts,
  pathsOf,
  type Shape,
  spoiltTexts,
  strangeFields,
  substitute,
  withField,
} from '@cardkeep/testing/fuzz/hostile'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import type { Client, Reply } from './support/client.ts'
import type { Merchant } from './support/hellgate.ts'
import { openMerchant } from './support/hellgate-scenario.ts'
import { countWritten, readLog } from './support/rows.ts'
import { allowProvider, startScenario } from './support/scenario.ts'
import { chargesOf } from './support/shop.ts'
import { type OpenedSite, openSite } from './support/verifone-scenario.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * Whatever comes, the answer is this API's own error, and nothing is written, held or sent.
 */

const scenario = await startScenario()
const { demo, folder } = scenario
const provider = await startProvider()
cleanUp(() => provider.close())

/** Stands for a token that is good, so that nothing is refused for its sake. */
const token = 'tok_good'
/** And for a session that waits for a browser's answer. */
const capture = 'session_good'
/** And for a scope, and for the name of a capture key. */
const [scope, alias] = ['scope_good', 'alias_good']
let goodToken: string
let goodCapture: string
let merchant: Merchant
let site: OpenedSite
let written: ReturnType<typeof countWritten>
let seen: number
beforeAll(async () => {
  await allowProvider(scenario, demo, provider)
  goodToken = (await demo.tokenize({ number: testCards.visa })).token
  merchant = await openMerchant(scenario)
  goodCapture = await merchant.openRefresh(goodToken)
  site = await openSite(scenario)
  written = countWritten(scenario)
  seen = provider.requests.length
})

const fill = (text: string): string =>
  text
    .replaceAll(token, goodToken)
    .replaceAll(capture, goodCapture)
    .replaceAll(scope, site.scope)
    .replaceAll(alias, site.key.alias)
const fillBody = (body: string | Uint8Array): string | Uint8Array =>
  typeof body === 'string' ? fill(body) : body

afterEach(() => {
  expect(countWritten(scenario)).toEqual(written)
  expect(provider.requests).toHaveLength(seen)
  expect(readLog({ folder }, 'request.bug')).toEqual([])
})

/** What a field takes; all that is not said takes text. */
type Kind = 'text' | 'text or null' | 'object' | 'integer' | 'boolean'

interface Target {
  readonly api: 'ozura' | 'hellgate' | 'verifone'
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly shape: Shape
  readonly kinds?: Readonly<Record<string, Kind>>
  readonly optional: readonly string[]
  /** In these a caller may name fields as it likes. */
  readonly open?: readonly string[]
  /** Of what is no JSON object, what it takes. */
  readonly takes?: readonly string[]
}

const notTextsHere = { ...notTexts, ...spoiltTexts }
const { null: _null, ...notTextsNorNull } = notTextsHere
const notOf: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  text: notTextsHere,
  'text or null': notTextsNorNull,
  object: notObjects,
  integer: notIntegers,
  boolean: notBooleans,
}

const card = { cardNumber: testCards.visa, expirationMonth: '12', expirationYear: '2030' }
const holder = { firstName: 'Ada', lastName: 'Lovelace' }

const targets: readonly Target[] = [
  {
    api: 'ozura',
    method: 'POST',
    path: '/tokenize',
    shape: { type: 'card', data: { ...card, cvv: '123', cvc: '123', ...holder } },
    kinds: { data: 'object' },
    optional: ['cvv', 'cvc', 'firstName', 'lastName'],
  },
  {
    api: 'ozura',
    method: 'POST',
    path: '/tokenize',
    shape: {
      type: 'bank',
      data: { accountNumber: '000123456789', routingNumber: '110000000', accountType: 'checking', ...holder },
    },
    kinds: { data: 'object' },
    optional: ['accountType', 'firstName', 'lastName'],
  },
  {
    api: 'ozura',
    method: 'POST',
    path: '/test-tokens',
    shape: { ...card, cvc: '123', ...holder },
    optional: ['firstName', 'lastName'],
  },
  {
    api: 'ozura',
    method: 'POST',
    path: '/proxy/transaction',
    shape: {
      token,
      cvc_session_id: '00000000-0000-4000-8000-000000000000',
      proxy_url: chargesOf(provider),
      request_data: { number: '${cardNumber}', code: '${cvv}' },
      http_headers: { authorization: 'Bearer secret' },
      http_method: 'POST',
    },
    kinds: { request_data: 'object', http_headers: 'object' },
    optional: ['cvc_session_id', 'http_headers', 'http_method', 'authorization'],
    open: ['request_data', 'http_headers'],
  },
  {
    api: 'ozura',
    method: 'DELETE',
    path: '/proxy/delete-cvc-session',
    shape: { cvc_session_id: '00000000-0000-4000-8000-000000000000' },
    optional: [],
  },
  {
    api: 'hellgate',
    method: 'POST',
    path: '/cde-import',
    shape: {
      account_number: testCards.visa,
      expiry_month: 12,
      expiry_year: 2030,
      security_code: '123',
      cardholder_name: 'Ada Lovelace',
    },
    kinds: {
      expiry_month: 'integer',
      expiry_year: 'integer',
      security_code: 'text or null',
      cardholder_name: 'text or null',
    },
    optional: ['security_code', 'cardholder_name'],
  },
  {
    api: 'hellgate',
    method: 'POST',
    path: '/tokens/session',
    shape: { bypass_identification: true, expiration_time: 60 },
    kinds: { bypass_identification: 'boolean', expiration_time: 'integer' },
    optional: ['bypass_identification', 'expiration_time'],
    takes: ['nothing', 'null'],
  },
  {
    api: 'hellgate',
    method: 'POST',
    path: `/sessions/${capture}/complete-action`,
    shape: { action: 'refresh_security_code', result: { enc_payload: 'a.b.c.d.e' } },
    kinds: { result: 'object' },
    optional: [],
  },
  // A field that these do not know is left aside; what they want to take cannot be opened.
  {
    api: 'verifone',
    method: 'PUT',
    path: '/api/v2/card',
    shape: {
      token_scope: scope,
      encrypted_card: 'garbage',
      public_key_alias: alias,
      card_brand: 'VISA',
      token_type: 'REUSE_AND_ANALYTICS',
      reuse_token_type: 'INTERNAL',
      token_expiry_date: '2099-12-31',
      token_context: { entity_id: '00000000-0000-4000-8000-000000000000' },
    },
    kinds: { token_context: 'object' },
    optional: [
      ...['card_brand', 'token_type', 'reuse_token_type', 'token_expiry_date', 'token_context', 'entity_id'],
    ],
  },
  {
    api: 'verifone',
    method: 'PATCH',
    path: `/api/v2/card/${token}`,
    shape: {
      encrypted_card: 'garbage',
      public_key_alias: alias,
      cvv: '123',
      card_holder_name: 'Ada Lovelace',
      card_holder_email: 'ada@shop.example',
      expiry_month: 12,
      expiry_year: 2030,
      token_expiry_date: '2099-12-31',
    },
    kinds: { expiry_month: 'integer', expiry_year: 'integer' },
    optional: [
      'encrypted_card',
      'cvv',
      'card_holder_name',
      'card_holder_email',
      'expiry_month',
      'expiry_year',
      'token_expiry_date',
    ],
  },
]

interface Api {
  readonly call: () => Client
  readonly error: object
  /** Of what is wrong with a body, and with its type. */
  readonly statuses: { readonly body: readonly number[]; readonly type: number }
}

const apis: Readonly<Record<Target['api'], Api>> = {
  ozura: {
    call: () => demo.call,
    error: { success: false, message: expect.any(String), data: null },
    statuses: { body: [400], type: 415 },
  },
  hellgate: {
    call: () => merchant.call,
    error: expect.objectContaining({ code: expect.any(Number), classifier: expect.any(String) }),
    statuses: { body: [422], type: 415 },
  },
  verifone: {
    call: () => site.call,
    error: expect.objectContaining({ code: expect.any(Number), reversal_status: 'NONE' }),
    statuses: { body: [400], type: 415 },
  },
}

/** `what` names the case if it fails. */
const expectOwnError = (
  what: string,
  reply: Reply,
  { api, path }: Pick<Target, 'api' | 'path'>,
  statuses: readonly number[],
): void => {
  expect.soft(statuses, what).toContain(reply.status)
  expect.soft(reply.body, what).toEqual(apis[api].error)
  expect.soft(reply.headers['content-type'], what).toBe('application/json; charset=utf-8')
  expect.soft(reply.headers['cardkeep-refusal'], what).toEqual(expect.any(String))
  if (path === '/proxy/transaction') expect.soft(reply.sent, what).toBe('no')
  // A card number may come back in pieces as well: no more of its digits than a mask shows.
  const { code: _code, timestamp: _timestamp, ...said } = reply.body
  expect.soft(JSON.stringify(said).replaceAll(/\D/g, '').length, what).toBeLessThanOrEqual(10)
}

describe.each(targets)('$method $path refuses', (target) => {
  const { api, method, path, shape, kinds = {}, optional, open = [], takes = [] } = target
  const { call, statuses } = apis[api]
  const refuses = async (
    what: string,
    body: string | Uint8Array,
    answers: readonly number[] = [...statuses.body, 404],
  ) => expectOwnError(what, await call()(method, fill(path), { body: fillBody(body) }), target, answers)
  const kindOf = (way: readonly string[]): Kind => kinds[way.at(-1) ?? ''] ?? 'text'
  const isOpen = (way: readonly string[]) => open.includes(way[0] ?? '')
  const fields = pathsOf(shape).filter((way) => !isOpen(way) || way.length === 1)

  test('every field of another type', async () => {
    for (const way of fields)
      for (const [what, text] of Object.entries(notOf[kindOf(way)]))
        await refuses(`${way.join('.')} is ${what}`, substitute(shape, way, text))
  })

  test('a field that is missing', async () => {
    const required = fields.filter((way) => !optional.includes(way.at(-1) ?? ''))
    for (const way of required)
      await refuses(`${way.join('.')} is missing`, substitute(shape, way, undefined))
  })

  test('a field that it does not know, at every level', async () => {
    const levels = [[], ...fields.filter((way) => kindOf(way) === 'object' && !isOpen(way))]
    for (const way of levels)
      for (const [what, field] of Object.entries(strangeFields))
        await refuses(`${what} in ${way.join('.')}`, withField(shape, way, field))
  })

  test('a key twice, at every level', async () => {
    for (const way of pathsOf(shape)) {
      const twice = withField(shape, way.slice(0, -1), `${JSON.stringify(way.at(-1))}:"once more"`)
      await refuses(`${way.join('.')} twice`, twice)
    }
  })

  test('what is no JSON object', async () => {
    for (const [what, bytes] of Object.entries(notBodies))
      if (!takes.includes(what)) await refuses(what, bytes, method === 'DELETE' ? [400, 404] : statuses.body)
  })

  test('a body of another type', async () => {
    for (const type of [...otherTypes, ...(path === '/proxy/transaction' ? [] : typesOfTheProxy)]) {
      const reply = await call()(method, fill(path), { body: '{}', headers: { 'content-type': type } })
      expectOwnError(type, reply, target, [statuses.type])
    }
  })
})

const otherTypes = [
  'text/plain',
  'text/json',
  'application/xml; charset=utf-16',
  'application/x-www-form-urlencoded; charset=latin1',
  'multipart/form-data; boundary=x',
  'application/vnd.api+json',
  ';;',
]

const typesOfTheProxy = ['application/xml', 'application/soap+xml', 'application/x-www-form-urlencoded']

test('every http_headers of another type than text is refused, under any name', async () => {
  const body = { token, proxy_url: chargesOf(provider), request_data: { number: '${cardNumber}' } }
  for (const name of ['x-a', String.raw`a\nb`, '__proto__', 'constructor', ''])
    for (const [what, text] of Object.entries(notTexts)) {
      const reply = await demo.call('POST', '/proxy/transaction', {
        body: fillBody(withField(body, [], `"http_headers":{"${name}":${text}}`)),
      })
      expectOwnError(`${name} is ${what}`, reply, { api: 'ozura', path: '/proxy/transaction' }, [400])
    }
})

test('nothing polluted the objects of the program', async () => {
  const reply = await demo.call('GET', '/api/applications/key')
  expect(reply).toMatchObject({ status: 200 })
  expect(reply.text).not.toContain('polluted')
})
