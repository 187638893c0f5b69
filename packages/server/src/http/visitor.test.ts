import { type Refusal, UnavailableError } from '@cardkeep/core/errors'
import type { ScopeId, TenantId } from '@cardkeep/core/kernel/ids'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { Principal, Visitor } from '@cardkeep/core/operations/caller'
import { createCountingIds } from '@cardkeep/testing/clock'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { afterEach, describe, expect, test } from 'vitest'
import { createLog } from '../log/log.ts'
import type { Services } from '../services.ts'
import type { Dialect } from './dialect.ts'
import { createInFlight } from './in-flight.ts'
import { createListener } from './listener.ts'
import {
  defineRoute,
  defineVisitorRoute,
  type Route,
  type RouteInput,
  type VisitorRouteSpec,
} from './route.ts'

const opened: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((app) => app.close()))
})

type Spec = VisitorRouteSpec<RouteInput, unknown>

const visitorRoute = (spec: Partial<Spec> = {}): Route =>
  defineVisitorRoute<RouteInput, unknown>({
    method: 'POST',
    path: '/visits/:id',
    summary: '',
    auth: 'visitor',
    replies: { 200: Type.Object({ said: Type.String() }) },
    decode: (input) => ok(input),
    run: async () => ok('fine'),
    encode: () => ({ status: 200, body: { said: 'fine' } }),
    ...spec,
  })

const principal: Principal = {
  tenant: {
    id: 'tenant' as TenantId,
    name: 'shop',
    environment: 'test',
    defaultScopeId: 'scope' as ScopeId,
    codePolicy: undefined,
    createdAt: epochMs(0),
  },
  credentialId: 'credential' as Principal['credentialId'],
  permissions: [],
}

interface Wish {
  readonly publicUrl?: string
  readonly trustedProxies?: readonly string[]
  readonly isSealed?: () => boolean
}

const open = (routes: readonly Route[], { publicUrl, trustedProxies = [], isSealed }: Wish = {}) => {
  let asked = 0
  const dialect: Dialect = {
    name: 'ozura',
    routes,
    headers: { 'x-version': '7' },
    security: { credential: { type: 'apiKey', in: 'header', name: 'X-Key' } },
    readCredential: () => undefined,
    encodeRefusal: ({ type }: Refusal, route) => ({
      status: 400,
      body: { no: type, at: route?.path ?? 'nowhere' },
    }),
    refusalSchema: Type.Object({ no: Type.String(), at: Type.String() }),
    encodeBug: () => ({ status: 500, body: { no: 'bug', at: '' } }),
  }
  const app = createListener({
    config: { tls: { type: 'none' }, trustedProxies, publicUrl },
    dialects: [dialect],
    services: { ids: createCountingIds() } as unknown as Services,
    access: {
      authenticate: async (): Promise<Result<Principal, Refusal>> => {
        asked++
        return ok(principal)
      },
      stillHolds: async () => true,
    },
    inFlight: createInFlight(),
    readiness: {
      auditFailed: () => undefined,
      check: async () => undefined,
      isSealed: isSealed ?? (() => false),
      setSealed: () => undefined,
      setStopping: () => undefined,
    },
    log: createLog('silent', process.stdout),
  })
  opened.push(app)
  const call = (method: 'GET' | 'POST' | 'OPTIONS', payload?: string, headers: Record<string, string> = {}) =>
    app.inject({
      method,
      url: '/visits/1',
      headers: { ...(payload !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(payload !== undefined && { payload }),
    })
  return { call, asked: () => asked }
}

describe('a route for visitors', () => {
  test('asks for no credential, and is told where its visitor is', async () => {
    const seen: Visitor[] = []
    const { call, asked } = open([
      visitorRoute({
        run: async (_services, visitor) => {
          seen.push(visitor)
          return ok('fine')
        },
      }),
    ])
    const reply = await call('POST', '{}')
    expect(reply.json()).toEqual({ said: 'fine' })
    expect(asked()).toBe(0)
    expect(seen).toEqual([{ requestId: reply.headers['x-request-id'], origin: '127.0.0.1' }])
  })

  test('is shut with the vault, before and after its body came', async () => {
    let looks = 0
    const atOnce = open([visitorRoute()], { isSealed: () => true })
    const meanwhile = open([visitorRoute()], { isSealed: () => looks++ > 0 })
    for (const { call } of [atOnce, meanwhile])
      expect((await call('POST', '{}')).json()).toMatchObject({ no: 'Sealed' })
  })

  test('is refused in the words of its dialect for that route', async () => {
    const { call } = open([visitorRoute({ run: async () => refuse({ type: 'SessionNotFound' }) })])
    const reply = await call('POST', '{}')
    expect(reply.json()).toEqual({ no: 'SessionNotFound', at: '/visits/:id' })
    expect(reply.headers).toMatchObject({ 'cardkeep-refusal': 'SessionNotFound', 'x-version': '7' })
  })
})

describe('pages of any origin', () => {
  const crossOrigin = visitorRoute({ crossOrigin: true })

  test('may send JSON where the route says so, and no cookies', async () => {
    const { call } = open([crossOrigin])
    const preflight = await call('OPTIONS', undefined, {
      origin: 'https://shop.example',
      'access-control-request-method': 'POST',
    })
    expect([preflight.statusCode, preflight.body]).toEqual([204, ''])
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type, x-hellgate-version',
    })
    expect(preflight.headers).not.toHaveProperty('access-control-allow-credentials')
  })

  test.each<readonly [string, Partial<Spec>, string]>([
    ['good', {}, '{}'],
    ['a refusal', { run: async () => refuse({ type: 'SessionNotFound' }) }, '{}'],
    ['a refused body', { body: Type.Object({}, { additionalProperties: false }) }, '{"a":1}'],
    ['no JSON', {}, '{'],
    [
      'an outage',
      {
        run: async () => {
          throw new UnavailableError('away')
        },
      },
      '{}',
    ],
    [
      'a bug',
      {
        run: async () => {
          throw new Error('bug')
        },
      },
      '{}',
    ],
  ])('may read the answer, also where it is %s', async (_, spec, body) => {
    const { call } = open([visitorRoute({ crossOrigin: true, ...spec })])
    const { headers } = await call('POST', body, { origin: 'https://shop.example' })
    expect(headers['access-control-allow-origin']).toBe('*')
    expect(headers['access-control-expose-headers']).toContain('cardkeep-refusal')
  })

  test('may neither ask nor read anywhere else', async () => {
    const { call } = open([visitorRoute()])
    expect((await call('OPTIONS')).statusCode).toBe(400)
    expect((await call('POST', '{}')).headers).not.toHaveProperty('access-control-allow-origin')
  })
})

describe('a body that is kept as text', () => {
  const echo = defineRoute<RouteInput, unknown>({
    method: 'POST',
    path: '/visits/:id',
    summary: '',
    auth: { permission: 'any', publicKey: false },
    keepsText: true,
    accepts: ['json', 'form'],
    body: Type.String(),
    replies: { 200: Type.Object({ said: Type.Unknown() }) },
    decode: (input) => ok(input),
    run: async (_services, _caller, { body }) => ok(body),
    encode: (body) => ({ status: 200, body: { said: body } }),
  })
  test('is handed over as it came, JSON or not', async () => {
    const { call } = open([echo])
    for (const text of ['{"a":{{ b }}}', '{"a":1,"a":10.00}', ' '])
      expect((await call('POST', text)).json()).toEqual({ said: text })
  })

  test('is refused where it is not UTF-8, and is none where nothing came', async () => {
    const { call } = open([echo])
    expect((await call('POST', '')).json()).toMatchObject({ no: 'BodyNotReadable' })
    const app = opened.at(-1)
    const reply = await app?.inject({
      method: 'POST',
      url: '/visits/1',
      headers: { 'content-type': 'application/json' },
      payload: Buffer.from([0x22, 0xff, 0x22]),
    })
    expect(reply?.json()).toMatchObject({ no: 'BodyNotReadable' })
  })
})

describe('an answer', () => {
  test('may be of another type than JSON, and goes out as it is', async () => {
    const { call } = open([
      visitorRoute({ encode: () => ({ status: 200, body: '<svg/>', contentType: 'image/svg+xml' }) }),
    ])
    const reply = await call('POST', '{}')
    expect([reply.body, reply.headers['content-type']]).toEqual(['<svg/>', 'image/svg+xml'])
  })

  test('may have no body, and then no type', async () => {
    const { call } = open([
      visitorRoute({ replies: { 204: Type.Null() }, encode: () => ({ status: 204, body: undefined }) }),
    ])
    const reply = await call('POST', '{}')
    expect([reply.statusCode, reply.body]).toEqual([204, ''])
    expect(reply.headers).not.toHaveProperty('content-type')
  })

  test('may name the vault as it is reached: as the operator says, or as the request does', async () => {
    const told = visitorRoute({
      encode: (_value, _command, { baseUrl }) => ({ status: 200, body: { said: baseUrl } }),
    })
    const saidBy = async (wish: Wish, headers: Record<string, string>) => {
      const reply = await open([told], wish).call('POST', '{}', headers)
      return reply.json<{ said: string }>().said
    }
    const headers = {
      host: 'vault.internal:8080',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil.example',
    }
    expect(await saidBy({}, headers)).toBe('http://vault.internal:8080')
    expect(
      await saidBy({ trustedProxies: ['127.0.0.1'] }, { ...headers, 'x-forwarded-host': 'vault.example' }),
    ).toBe('https://vault.example')
    expect(await saidBy({ publicUrl: 'https://cards.example' }, headers)).toBe('https://cards.example')
  })
})
