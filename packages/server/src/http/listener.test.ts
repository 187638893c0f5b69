import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { connect } from 'node:tls'
import { type Refusal, UnavailableError } from '@cardkeep/core/errors'
import type { CredentialId, ScopeId, TenantId } from '@cardkeep/core/kernel/ids'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { Caller, Principal } from '@cardkeep/core/operations/caller'
import { testCards } from '@cardkeep/testing/canary/cards'
import { createCountingIds } from '@cardkeep/testing/clock'
import { makeAuthority } from '@cardkeep/testing/provider/authority'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { afterEach, describe, expect, test } from 'vitest'
import type { Config } from '../config.ts'
import { createLog } from '../log/log.ts'
import type { Services } from '../services.ts'
import { version } from '../version.ts'
import type { AccessRequest } from './access.ts'
import type { Dialect } from './dialect.ts'
import { createInFlight } from './in-flight.ts'
import { createListener, type ListenerParts, listen, reloadTls } from './listener.ts'
import type { NotReady } from './readiness.ts'
import { defineRoute, type RouteInput, type RouteSpec } from './route.ts'

const opened: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((app) => app.close()))
})

const principal: Principal = {
  tenant: {
    id: '00000000-0000-4000-8000-00000000000e' as TenantId,
    name: 'shop',
    environment: 'live',
    defaultScopeId: 'scope' as ScopeId,
    codePolicy: undefined,
    createdAt: epochMs(0),
  },
  credentialId: 'credential' as CredentialId,
  permissions: [],
}

type Spec = RouteSpec<RouteInput, unknown>

const refusalSchema = Type.Object({ no: Type.String() })

/** A small API of its own, so that what is seen is what the listener does for any. */
const dialectOf = (specs: readonly Partial<Spec>[], parts: Partial<Dialect> = {}): Dialect => ({
  name: 'ozura',
  routes: specs.map((spec) =>
    defineRoute<RouteInput, unknown>({
      method: 'POST',
      path: '/thing',
      summary: '',
      auth: { permission: 'tokenize', publicKey: false },
      replies: { 200: Type.Object({ said: Type.String() }) },
      decode: (input) => ok(input),
      run: async () => ok('fine'),
      encode: () => ({ status: 200, body: { said: 'fine' } }),
      ...spec,
    }),
  ),
  security: { credential: { type: 'apiKey', in: 'header', name: 'X-Key' } },
  readCredential: () => undefined,
  encodeRefusal: ({ type }) => ({ status: type === 'NotAuthenticated' ? 401 : 400, body: { no: type } }),
  refusalSchema,
  encodeBug: () => ({ status: 500, body: { no: 'bug' } }),
  ...parts,
})

interface Wish {
  readonly config?: Partial<Pick<Config, 'tls' | 'trustedProxies'>>
  readonly dialects?: readonly Dialect[]
  readonly authenticate?: (request: AccessRequest) => Promise<Result<Principal, Refusal>>
  readonly notReady?: NotReady
  readonly isSealed?: () => boolean
  readonly stillHolds?: () => Promise<boolean>
}

const open = (specs: readonly Partial<Spec>[], wish: Wish = {}) => {
  const lines: string[] = []
  const out = new Writable({
    write: (chunk: Buffer, _encoding, next) => {
      lines.push(chunk.toString())
      next()
    },
  })
  const parts: ListenerParts = {
    config: { tls: { type: 'none' }, trustedProxies: [], publicUrl: undefined, ...wish.config },
    dialects: wish.dialects ?? [dialectOf(specs)],
    services: { ids: createCountingIds() } as unknown as Services,
    access: {
      authenticate: wish.authenticate ?? (async () => ok(principal)),
      stillHolds: wish.stillHolds ?? (async () => true),
    },
    inFlight: createInFlight(),
    readiness: {
      auditFailed: () => {},
      check: async () => wish.notReady,
      isSealed: wish.isSealed ?? (() => false),
      setSealed: () => {},
      setStopping: () => {},
    },
    log: createLog('info', out),
  }
  const app = createListener(parts)
  opened.push(app)
  const post = (body: string | Buffer, headers: Record<string, string> = {}, url = '/thing') =>
    app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...headers },
      payload: body,
    })
  return {
    app,
    post,
    logged: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    text: () => lines.join(''),
  }
}

const anyBody = Type.Object({}, { additionalProperties: true })

describe('while a body is on its way', () => {
  test('a vault that is sealed takes nothing more', async () => {
    let looks = 0
    const { post } = open([{ body: anyBody }], { isSealed: () => looks++ > 0 })
    const reply = await post('{}')
    expect(reply.json()).toEqual({ no: 'Sealed' })
  })

  test('a credential that is revoked proves nothing more', async () => {
    const { post } = open([{ body: anyBody }], { stillHolds: async () => false })
    const reply = await post('{}')
    expect([reply.statusCode, reply.json()]).toEqual([401, { no: 'NotAuthenticated' }])
  })
})

describe('who calls is settled first', () => {
  test('a stranger is refused before the body is looked at', async () => {
    const { post } = open([{ body: anyBody }], {
      authenticate: async () => refuse({ type: 'NotAuthenticated' }),
    })
    for (const body of ['{}', 'not json', '{"a":1,"a":2}', 'x'.repeat(100_000)]) {
      const reply = await post(body, { 'content-type': body === '{}' ? 'text/plain' : 'application/json' })
      expect([reply.statusCode, reply.json()]).toEqual([401, { no: 'NotAuthenticated' }])
    }
  })

  test('access is asked with what the route asks for, and the route is told who calls', async () => {
    const asked: AccessRequest[] = []
    const callers: Caller[] = []
    const { post } = open(
      [
        {
          auth: { permission: 'forward', publicKey: true },
          decode: (input, caller) => {
            callers.push(caller)
            return ok(input)
          },
        },
      ],
      {
        authenticate: async (request) => {
          asked.push(request)
          return ok(principal)
        },
      },
    )
    const reply = await post('{}', { 'x-api-key': 'k' })
    expect(asked).toMatchObject([
      {
        auth: { permission: 'forward', publicKey: true },
        headers: { 'x-api-key': 'k' },
        address: '127.0.0.1',
        requestId: reply.headers['x-request-id'],
      },
    ])
    expect(callers).toEqual([{ principal, requestId: reply.headers['x-request-id'], origin: '127.0.0.1' }])
  })

  test.each([
    [[], '127.0.0.1'],
    [['127.0.0.1'], '203.0.113.9'],
    [['127.0.0.0/8', '203.0.113.9'], '198.51.100.7'],
    [['10.0.0.1'], '127.0.0.1'],
  ])('with the trusted proxies %j the caller is at %s', async (trustedProxies, address) => {
    const asked: string[] = []
    const { post } = open([{}], {
      config: { trustedProxies },
      authenticate: async (request) => {
        asked.push(request.address)
        return ok(principal)
      },
    })
    await post('{}', { 'x-forwarded-for': '198.51.100.7, 203.0.113.9' })
    expect(asked).toEqual([address])
  })
})

test('what a trusted proxy forwards is taken for an address only if it is one', async () => {
  const asked: string[] = []
  const { post } = open([{}], {
    config: { trustedProxies: ['127.0.0.1'] },
    authenticate: async (request) => {
      asked.push(request.address)
      return ok(principal)
    },
  })
  for (const forwarded of ['unknown', 'x'.repeat(1_000), '203.0.113.9:80', '2001:db8::1', ''])
    await post('{}', { 'x-forwarded-for': forwarded })
  expect(asked).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1', '2001:db8::1', '127.0.0.1'])
})

describe('a body', () => {
  const echo: Partial<Spec> = {
    body: anyBody,
    replies: { 200: Type.Object({ said: Type.String() }) },
    run: async (_services, _caller, { body }) => ok(JSON.stringify(body)),
    encode: (value) => ({ status: 200, body: { said: value } }),
  }

  test.each([
    ['a key twice', '{"a":1,"a":2}'],
    ['a key twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['no JSON', `{"cardNumber": ${testCards.visa}x}`],
    ['a byte order mark', '\ufeff{}'],
  ])('with %s is refused without a word of it', async (_, body) => {
    const { post, text } = open([echo])
    const reply = await post(body)
    expect([reply.statusCode, reply.json()]).toEqual([400, { no: 'BodyNotReadable' }])
    expect(reply.headers['cardkeep-refusal']).toBe('BodyNotReadable')
    expect(reply.body + text()).not.toContain(testCards.visa)
  })

  test('keeps its numbers only where the route wants them kept', async () => {
    const { post } = open([echo, { ...echo, path: '/kept', keepsNumbers: true }])
    expect((await post('{"a":10.00}')).json()).toEqual({ said: '{"a":10}' })
    expect((await post('{"a":10.00}', {}, '/kept')).json()).toEqual({ said: '{"a":10.00}' })
  })

  test('is not changed to fit its schema', async () => {
    const body = Type.Object(
      { text: Type.String(), flag: Type.Optional(Type.Boolean({ default: true })) },
      { additionalProperties: false },
    )
    const { post } = open([{ ...echo, body }])
    expect((await post('{"text":"5"}')).json()).toEqual({ said: '{"text":"5"}' })
    expect((await post('{"text":5}')).json()).toEqual({ no: 'InvalidField' })
    expect((await post('{"text":"5","flag":"true"}')).json()).toEqual({ no: 'InvalidField' })
    expect((await post('{"text":"5","more":1}')).json()).toEqual({ no: 'InvalidField' })
    expect((await post('{}')).json()).toEqual({ no: 'MissingField' })
  })

  test('of another type is refused', async () => {
    const { post } = open([echo])
    for (const type of [
      'text/plain',
      'application/xml',
      'application/x-www-form-urlencoded',
      'application/jsonx',
    ])
      expect((await post('{}', { 'content-type': type })).json()).toEqual({ no: 'ContentTypeNotSupported' })
    expect((await post('{}', { 'content-type': 'application/json; charset=utf-8' })).statusCode).toBe(200)
  })

  test('may have 64 KiB, and more only where the route says so', async () => {
    const { post } = open([echo, { ...echo, path: '/large', limits: { bodyBytes: 100_000 } }])
    const ofSize = (bytes: number): string => `{"a":"${'x'.repeat(bytes - 8)}"}`
    expect((await post(ofSize(65_536))).statusCode).toBe(200)
    expect((await post(ofSize(65_537))).json()).toEqual({ no: 'BodyTooLarge' })
    expect((await post(ofSize(100_000), {}, '/large')).statusCode).toBe(200)
    expect((await post(ofSize(100_001), {}, '/large')).json()).toEqual({ no: 'BodyTooLarge' })
  })

  test('may be missing where JSON is announced', async () => {
    const { post } = open([{}])
    expect((await post('')).statusCode).toBe(200)
  })
})

describe('a reply', () => {
  test('has what its schema lists and nothing else', async () => {
    const { post } = open([{ encode: () => ({ status: 200, body: { said: 'x', pan: testCards.visa } }) }])
    expect((await post('{}')).body).toBe('{"said":"x"}')
  })

  test('that is JSON already goes out as it is', async () => {
    const { post } = open([
      { encode: () => ({ status: 200, headers: { 'x-a': 'b' }, body: '{"said":10.00}' }) },
    ])
    const reply = await post('{}')
    expect([reply.body, reply.headers['x-a']]).toEqual(['{"said":10.00}', 'b'])
    expect(reply.headers['content-type']).toBe('application/json; charset=utf-8')
  })

  test('that refuses has what the schema of refusals lists and nothing else', async () => {
    const dialect = dialectOf([{ run: async () => refuse({ type: 'TokenNotFound' }) }], {
      encodeRefusal: ({ type }) => ({ status: 404, body: { no: type, pan: testCards.visa } }),
    })
    const { post } = open([], { dialects: [dialect] })
    expect((await post('{}')).body).toBe('{"no":"TokenNotFound"}')
  })

  test.each([
    ['good', '/thing', 200],
    ['refused', '/refused', 400],
    ['a bug', '/bug', 500],
    ['not found', '/nowhere', 400],
    ['of health', '/health/live', 400],
  ])('that is %s has the headers of every reply', async (_, url, status) => {
    const { post } = open([
      {},
      { path: '/refused', run: async () => refuse({ type: 'TokenNotFound' }) },
      {
        path: '/bug',
        run: async () => {
          throw new Error('bug')
        },
      },
    ])
    const reply = await post('{}', {}, url)
    expect(reply.statusCode).toBe(status)
    expect(reply.headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.stringMatching(/^00000000-0000-4000-8000-[0-9a-f]{12}$/),
    })
    expect(reply.headers).not.toHaveProperty('strict-transport-security')
    expect(reply.headers).not.toHaveProperty('access-control-allow-origin')
    expect(reply.headers).not.toHaveProperty('server')
  })

  test('asks for TLS from now on where there is TLS', async () => {
    const { post } = open([{}], { config: { tls: { type: 'terminated' } } })
    expect((await post('{}')).headers['strict-transport-security']).toBe(
      'max-age=31536000; includeSubDomains',
    )
  })

  test('names the request anew each time, whatever the caller calls it', async () => {
    const { post } = open([{}])
    const ids = [await post('{}', { 'x-request-id': 'mine' }), await post('{}')].map(
      (reply) => reply.headers['x-request-id'],
    )
    expect(new Set(ids).size).toBe(2)
    expect(ids).not.toContain('mine')
  })
})

describe('a refusal', () => {
  test('is told in the words of the dialect, with its name and with the headers of its route', async () => {
    const refusal: Refusal = { type: 'ForwardFailed', sent: 'no', reason: 'tls' }
    const { post } = open([
      {
        run: async () => refuse(refusal),
        refusalHeaders: (given) => ({ 'x-sent': given === 'bug' ? 'bug' : given.type }),
      },
    ])
    const reply = await post('{}')
    expect(reply.json()).toEqual({ no: 'ForwardFailed' })
    expect(reply.headers).toMatchObject({ 'cardkeep-refusal': 'ForwardFailed', 'x-sent': 'ForwardFailed' })
  })

  test('of decoding keeps the route from running', async () => {
    let runs = 0
    const { post } = open([
      {
        decode: () => refuse({ type: 'InvalidCardNumber' }),
        run: async () => {
          runs++
          return ok('')
        },
      },
    ])
    expect((await post('{}')).json()).toEqual({ no: 'InvalidCardNumber' })
    expect(runs).toBe(0)
  })

  test('is the answer where something cannot be reached', async () => {
    const unreachable = async (): Promise<never> => {
      throw new UnavailableError('the disk is full of 4111111111111111')
    }
    const { post, logged } = open([{ run: unreachable }])
    expect((await post('{}')).json()).toEqual({ no: 'Unavailable' })
    expect(logged()).toHaveLength(1)
    const atDoor = open([{}], { authenticate: unreachable })
    expect((await atDoor.post('{}')).json()).toEqual({ no: 'Unavailable' })
  })

  test('of a path that nobody has is told in the words of the only dialect, or in none', async () => {
    const one = open([{}])
    expect((await one.post('{}', {}, '/nowhere')).json()).toEqual({ no: 'RouteNotFound' })
    const two = open([], {
      dialects: [dialectOf([{}]), dialectOf([{ path: '/other' }], { name: 'hellgate' })],
    })
    const reply = await two.post('{}', {}, '/nowhere')
    expect([reply.statusCode, reply.json()]).toEqual([404, { error: 'RouteNotFound' }])
  })

  test.each(['GET', 'HEAD', 'OPTIONS', 'PUT'] as const)(
    'is the answer to %s where only POST is offered',
    async (method) => {
      const { app } = open([{}])
      const reply = await app.inject({ method, url: '/thing' })
      expect(reply.headers['cardkeep-refusal']).toBe('RouteNotFound')
    },
  )
})

describe('a bug', () => {
  const bug: Partial<Spec> = {
    run: async () => {
      throw new TypeError(`cannot read ${testCards.visa}\n    at the card of Jane`)
    },
    refusalHeaders: (given) => ({ 'x-sent': given === 'bug' ? 'unknown' : 'no' }),
  }

  test('is answered with a fixed text and the headers of its route', async () => {
    const { post } = open([bug])
    const reply = await post('{}')
    expect([reply.statusCode, reply.body]).toEqual([500, '{"no":"bug"}'])
    expect(reply.headers['x-sent']).toBe('unknown')
    expect(reply.headers).not.toHaveProperty('cardkeep-refusal')
  })

  test('is logged with its place and its request, and without its message', async () => {
    const { post, logged, text } = open([bug])
    const reply = await post('{}')
    const [line] = logged()
    expect(line).toMatchObject({
      level: 'error',
      event: 'request.bug',
      requestId: reply.headers['x-request-id'],
      error: 'TypeError',
      stack: expect.stringContaining('listener.test.ts'),
    })
    expect(text()).not.toMatch(/cannot read|Jane|4111/)
  })
})

describe('the log has one line for a request', () => {
  test('with the route and not the path, and neither query nor body', async () => {
    const { app, logged, text } = open([
      { method: 'DELETE', path: '/thing/:id', query: Type.Object({ q: Type.String() }) },
    ])
    const reply = await app.inject({
      method: 'DELETE',
      url: '/thing/secret-session?q=secret-query',
      headers: { 'x-api-key': 'secret-key' },
    })
    expect(reply.statusCode).toBe(200)
    expect(logged()).toEqual([
      {
        level: 'info',
        time: expect.any(String),
        event: 'request.completed',
        requestId: reply.headers['x-request-id'],
        method: 'DELETE',
        route: '/thing/:id',
        status: 200,
        ms: expect.any(Number),
        tenantId: principal.tenant.id,
      },
    ])
    expect(text()).not.toContain('secret')
  })

  test('with why it was refused', async () => {
    const { post, logged } = open([{ run: async () => refuse({ type: 'CodeNotHeld' }) }])
    await post('{}')
    await post('{}', {}, '/nowhere')
    expect(logged()).toMatchObject([
      { route: '/thing', status: 400, refusal: 'CodeNotHeld' },
      { route: 'none', refusal: 'RouteNotFound' },
    ])
  })
})

describe('a sealed vault', () => {
  test('refuses everything before it asks who calls', async () => {
    let asked = 0
    const { post } = open([{}], {
      isSealed: () => true,
      authenticate: async () => {
        asked++
        return ok(principal)
      },
    })
    expect((await post('{}')).json()).toEqual({ no: 'Sealed' })
    expect(asked).toBe(0)
  })

  test('lives, and is not ready', async () => {
    const { app } = open([{}], { isSealed: () => true, notReady: 'sealed' })
    expect((await app.inject('/health/live')).json()).toEqual({ status: 'live' })
    const ready = await app.inject('/health/ready')
    expect([ready.statusCode, ready.json()]).toEqual([503, { status: 'not ready', reason: 'sealed' }])
  })
})

test('a vault that can work says so', async () => {
  const { app } = open([{}])
  const ready = await app.inject('/health/ready')
  expect([ready.statusCode, ready.json()]).toEqual([200, { status: 'ready' }])
})

describe('TLS of its own', () => {
  const handshake = (
    port: number,
    ca: string,
    options: { readonly maxVersion?: 'TLSv1.1' | 'TLSv1.2' } = {},
  ) =>
    new Promise<{ readonly version: string | null; readonly serial: string }>((resolve, reject) => {
      const socket = connect(
        {
          host: '127.0.0.1',
          port,
          ca,
          servername: 'vault.test',
          minVersion: 'TLSv1.1',
          ciphers: 'DEFAULT@SECLEVEL=0',
          ...options,
        },
        () => {
          resolve({ version: socket.getProtocol(), serial: socket.getPeerCertificate().serialNumber })
          socket.destroy()
        },
      )
      socket.on('error', reject)
    })

  test('is version 1.2 at least, and follows a certificate that was replaced', async () => {
    const authority = await makeAuthority('ours')
    const { path } = makeWorkspace()
    const tls = {
      type: 'own',
      certificateFile: join(path, 'cert.pem'),
      keyFile: join(path, 'key.pem'),
    } as const
    const install = async (): Promise<void> => {
      const { certificate, key } = await authority.issue({ name: 'vault', hostnames: ['vault.test'] })
      writeFileSync(tls.certificateFile, certificate)
      writeFileSync(tls.keyFile, key)
    }
    await install()
    const { app } = open([{}], { config: { tls } })
    const url = await listen(app, { host: '127.0.0.1', port: 0, tls })
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
    const port = Number(new URL(url).port)
    const first = await handshake(port, authority.caPem)
    expect(first.version).toBe('TLSv1.3')
    expect((await handshake(port, authority.caPem, { maxVersion: 'TLSv1.2' })).version).toBe('TLSv1.2')
    await expect(handshake(port, authority.caPem, { maxVersion: 'TLSv1.1' })).rejects.toThrow(Error)
    await install()
    expect((await handshake(port, authority.caPem)).serial).toBe(first.serial)
    reloadTls(app, tls)
    expect((await handshake(port, authority.caPem)).serial).not.toBe(first.serial)
  })
})

test('a vault without TLS says so in its URL', async () => {
  const { app } = open([{}])
  expect(await listen(app, { host: '127.0.0.1', port: 0, tls: { type: 'none' } })).toMatch(
    /^http:\/\/127\.0\.0\.1:\d+$/,
  )
})

describe('the documents', () => {
  test('anyone may read the whole and each dialect, and keep them for a while', async () => {
    const { app } = open([{}], { authenticate: async () => refuse({ type: 'NotAuthenticated' }) })
    for (const url of ['/openapi.json', '/openapi/ozura.json']) {
      const reply = await app.inject({ method: 'GET', url })
      expect(reply.statusCode).toBe(200)
      expect(reply.headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'public, max-age=300',
      })
      expect(reply.json()).toMatchObject({ openapi: '3.1.0', info: { version } })
      expect(Object.keys(reply.json<{ paths: object }>().paths)).toContain('/thing')
      const { etag } = reply.headers
      const again = await app.inject({ method: 'GET', url, headers: { 'if-none-match': String(etag) } })
      expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag])
    }
  })

  test('a document of no dialect is not there', async () => {
    const { app } = open([{}])
    const reply = await app.inject({ method: 'GET', url: '/openapi/pismo.json' })
    expect(reply.json()).toEqual({ no: 'RouteNotFound' })
  })

  test('a sealed vault describes nothing', async () => {
    const { app } = open([{}], { isSealed: () => true })
    const reply = await app.inject({ method: 'GET', url: '/openapi.json' })
    expect([reply.statusCode, reply.headers['cache-control']]).toEqual([503, 'no-store'])
  })
})
