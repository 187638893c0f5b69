import { Writable } from 'node:stream'
import { ok, refuse } from '@cardkeep/core/kernel/result'
import { createCountingIds } from '@cardkeep/testing/clock'
import type { FastifyInstance } from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { createLog } from '../log/log.ts'
import type { Services } from '../services.ts'
import { createInFlight } from './in-flight.ts'
import { createListener } from './listener.ts'
import type { Page } from './page.ts'

const opened: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((app) => app.close()))
})

const open = (answer: Page['answer'], isSealed = false) => {
  const app = createListener({
    config: { tls: { type: 'none' }, trustedProxies: [], publicUrl: undefined },
    dialects: [],
    pages: [{ path: '/page/:name', answer }],
    services: { ids: createCountingIds() } as unknown as Services,
    access: { authenticate: async () => refuse({ type: 'NotAuthenticated' }), stillHolds: async () => true },
    inFlight: createInFlight(),
    readiness: {
      auditFailed: () => {},
      check: async () => undefined,
      isSealed: () => isSealed,
      setSealed: () => {},
      setStopping: () => {},
    },
    log: createLog('info', new Writable({ write: (_chunk, _encoding, next) => next() })),
  })
  opened.push(app)
  return app
}

test('a page is served with its own headers in the place of those of every answer', async () => {
  const app = open(async (visitor, { params, query }) =>
    ok({
      status: 200,
      headers: { 'content-security-policy': 'frame-ancestors https://shop.example' },
      contentType: 'text/html; charset=utf-8',
      body: `<p>${params['name']} ${query['h']} ${visitor.origin}`,
    }),
  )
  const reply = await app.inject({ method: 'GET', url: '/page/card?h=1' })
  expect(reply.body).toBe('<p>card 1 127.0.0.1')
  expect(reply.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': 'frame-ancestors https://shop.example',
    'x-content-type-options': 'nosniff',
  })
})

test('a page that is not there cannot be embedded by anyone', async () => {
  const app = open(async () => refuse({ type: 'SessionNotFound' }))
  const reply = await app.inject({ method: 'GET', url: '/page/card' })
  expect([reply.statusCode, reply.json()]).toEqual([404, { error: 'SessionNotFound' }])
  expect(reply.headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'")
})

test('who has to wait is told for how long', async () => {
  const app = open(async () => refuse({ type: 'TooManyGuesses', retryAfterSeconds: 7 }))
  const reply = await app.inject({ method: 'GET', url: '/page/card' })
  expect([reply.statusCode, reply.headers['retry-after']]).toEqual([429, '7'])
})

test('a vault that is sealed serves no page', async () => {
  const app = open(async () => ok({ status: 200, body: 'page', contentType: 'text/html' }), true)
  const reply = await app.inject({ method: 'GET', url: '/page/card' })
  expect([reply.statusCode, reply.json()]).toEqual([503, { error: 'Sealed' }])
})
