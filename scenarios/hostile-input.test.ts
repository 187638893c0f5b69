import { testCards } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import type { Reply } from './support/client.ts'
import {
  notBodies,
  notObjects,
  notTexts,
  pathsOf,
  type Shape,
  spoiltTexts,
  strangeFields,
  substitute,
  withField,
} from './support/hostile.ts'
import { countWritten, readLog } from './support/rows.ts'
import { allowProvider, startScenario } from './support/scenario.ts'
import { chargesOf } from './support/shop.ts'

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
let goodToken: string
let written: ReturnType<typeof countWritten>
let seen: number
beforeAll(async () => {
  await allowProvider(scenario, demo, provider)
  goodToken = (await demo.tokenize({ number: testCards.visa })).token
  written = countWritten(scenario)
  seen = provider.requests.length
})

const withToken = (body: string | Uint8Array): string | Uint8Array =>
  typeof body === 'string' ? body.replaceAll(token, goodToken) : body

afterEach(() => {
  expect(countWritten(scenario)).toEqual(written)
  expect(provider.requests).toHaveLength(seen)
  expect(readLog({ folder }, 'request.bug')).toEqual([])
})

interface Target {
  readonly method: 'POST' | 'DELETE'
  readonly path: string
  readonly shape: Shape
  /** Fields that take an object. */
  readonly objects: readonly string[]
  readonly optional: readonly string[]
  /** In these a caller may name fields as it likes. */
  readonly open: readonly string[]
}

const card = { cardNumber: testCards.visa, expirationMonth: '12', expirationYear: '2030' }
const holder = { firstName: 'Ada', lastName: 'Lovelace' }

const targets: readonly Target[] = [
  {
    method: 'POST',
    path: '/tokenize',
    shape: { type: 'card', data: { ...card, cvv: '123', cvc: '123', ...holder } },
    objects: ['data'],
    optional: ['cvv', 'cvc', 'firstName', 'lastName'],
    open: [],
  },
  {
    method: 'POST',
    path: '/tokenize',
    shape: {
      type: 'bank',
      data: { accountNumber: '000123456789', routingNumber: '110000000', accountType: 'checking', ...holder },
    },
    objects: ['data'],
    optional: ['accountType', 'firstName', 'lastName'],
    open: [],
  },
  {
    method: 'POST',
    path: '/test-tokens',
    shape: { ...card, cvc: '123', ...holder },
    objects: [],
    optional: ['firstName', 'lastName'],
    open: [],
  },
  {
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
    objects: ['request_data', 'http_headers'],
    optional: ['cvc_session_id', 'http_headers', 'http_method', 'authorization'],
    open: ['request_data', 'http_headers'],
  },
  {
    method: 'DELETE',
    path: '/proxy/delete-cvc-session',
    shape: { cvc_session_id: '00000000-0000-4000-8000-000000000000' },
    objects: [],
    optional: [],
    open: [],
  },
]

/** `what` names the case if it fails. */
const expectOwnError = (what: string, reply: Reply, path: string, statuses: readonly number[]): void => {
  expect.soft(statuses, what).toContain(reply.status)
  expect.soft(reply.body, what).toEqual({ success: false, message: expect.any(String), data: null })
  expect.soft(reply.headers['content-type'], what).toBe('application/json; charset=utf-8')
  expect.soft(reply.headers['cardkeep-refusal'], what).toEqual(expect.any(String))
  if (path === '/proxy/transaction') expect.soft(reply.sent, what).toBe('no')
  // A card number may come back in pieces as well: no more of its digits than a mask shows.
  expect.soft(String(reply.body['message']).replaceAll(/\D/g, '').length, what).toBeLessThanOrEqual(10)
}

describe.each(targets)('$method $path refuses', ({ method, path, shape, objects, optional, open }) => {
  const refuses = async (what: string, body: string | Uint8Array, statuses = [400, 404]) =>
    expectOwnError(what, await demo.call(method, path, { body: withToken(body) }), path, statuses)
  const isObject = (way: readonly string[]) => objects.includes(way.at(-1) ?? '')
  const isOpen = (way: readonly string[]) => open.includes(way[0] ?? '')
  const fields = pathsOf(shape).filter((way) => !isOpen(way) || way.length === 1)

  test('every field of another type', async () => {
    for (const way of fields) {
      const texts = isObject(way) ? notObjects : { ...notTexts, ...spoiltTexts }
      for (const [what, text] of Object.entries(texts))
        await refuses(`${way.join('.')} is ${what}`, substitute(shape, way, text))
    }
  })

  test('a field that is missing', async () => {
    const required = fields.filter((way) => !optional.includes(way.at(-1) ?? ''))
    for (const way of required)
      await refuses(`${way.join('.')} is missing`, substitute(shape, way, undefined))
  })

  test('a field that it does not know, at every level', async () => {
    const levels = [[], ...fields.filter((way) => isObject(way) && !isOpen(way))]
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
      await refuses(what, bytes, method === 'DELETE' ? [400, 404] : [400])
  })

  test('a body of another type', async () => {
    for (const type of [...otherTypes, ...(path === '/proxy/transaction' ? [] : typesOfTheProxy)]) {
      const reply = await demo.call(method, path, { body: '{}', headers: { 'content-type': type } })
      expectOwnError(type, reply, path, [415])
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
        body: withToken(withField(body, [], `"http_headers":{"${name}":${text}}`)),
      })
      expectOwnError(`${name} is ${what}`, reply, '/proxy/transaction', [400])
    }
})

test('nothing polluted the objects of the program', async () => {
  const reply = await demo.call('GET', '/api/applications/key')
  expect(reply).toMatchObject({ status: 200 })
  expect(reply.text).not.toContain('polluted')
})
