import type { Refusal } from '@cardkeep/core/errors'
import { ok } from '@cardkeep/core/kernel/result'
import { Type } from 'typebox'
import { expect, test } from 'vitest'
import type { Dialect } from '../dialect.ts'
import { defineRoute, defineVisitorRoute, type Route, type RouteInput, type RouteSpec } from '../route.ts'
import { describeDialect, describeVault, type OpenApiDocument } from './documents.ts'

type Spec = RouteSpec<RouteInput, unknown>

/** A small API of its own, in which every refusal has a status of its kind. */
const dialectOf = (spec: Partial<Spec>, parts: Partial<Dialect> = {}): Dialect => ({
  name: 'ozura',
  routes: [
    defineRoute<RouteInput, unknown>({
      method: 'POST',
      path: '/things/:id',
      summary: 'Do a thing',
      auth: { permission: 'any', publicKey: false },
      replies: { 201: Type.Object({ said: Type.String() }) },
      decode: (input) => ok(input),
      run: async () => ok('fine'),
      encode: () => ({ status: 201, body: {} }),
      ...spec,
    }),
  ],
  security: {
    credential: { type: 'apiKey', in: 'header', name: 'X-Key' },
    publicKey: { type: 'apiKey', in: 'header', name: 'X-Public' },
  },
  readCredential: () => undefined,
  encodeRefusal: (refusal) => ({
    status: statusOf(refusal),
    ...('retryAfterSeconds' in refusal && { headers: { 'retry-after': '1' } }),
    body: {},
  }),
  refusalSchema: Type.Object({ no: Type.String() }),
  encodeBug: () => ({ status: 500, body: {} }),
  ...parts,
})

const statusOf = (refusal: Refusal): number => {
  if (refusal.type === 'ForwardFailed') return refusal.reason === 'tls' ? 526 : 502
  return refusal.type === 'LockedOut' || refusal.type === 'NotPermitted' ? 403 : 400
}

interface Operation {
  readonly operationId: string
  readonly security: readonly object[]
  readonly parameters: readonly object[]
  readonly requestBody?: { readonly required: boolean; readonly content: Record<string, object> }
  readonly responses: Record<string, Response>
}

interface Response {
  readonly description: string
  readonly headers: Record<string, { readonly required?: boolean; readonly schema: object }>
  readonly content: object
}

const describe = (spec: Partial<Spec>, parts?: Partial<Dialect>): Operation => {
  const dialect = dialectOf(spec, parts)
  const { paths } = describeDialect({ version: '1', dialects: [dialect] }, dialect)
  return (paths['/things/{id}'] as { readonly post: Operation }).post
}

test('an operation has its name, its path, what it takes and who may call it', () => {
  const operation = describe({
    auth: { permission: 'tokenize', publicKey: true, testOnly: true },
    query: Type.Object({ dry_run: Type.Optional(Type.Literal('true')) }),
    headers: Type.Object({ 'x-how': Type.String() }),
    body: Type.Object({ a: Type.Integer() }),
  })
  expect(operation).toMatchObject({
    operationId: 'ozuraPostThingsById',
    summary: 'Do a thing',
    description: 'Needs the permission `tokenize` of a test tenant.',
    tags: ['ozura'],
    security: [{ ozuraCredential: [], ozuraPublicKey: [] }, { ozuraCredential: [] }],
    'x-cardkeep-permission': 'tokenize',
    'x-cardkeep-test-only': true,
    requestBody: { required: true },
  })
  expect(operation.parameters).toEqual([
    { name: 'id', in: 'path', required: true, schema: { type: 'string', minLength: 1 } },
    { name: 'dry_run', in: 'query', required: false, schema: { type: 'string', const: 'true' } },
    { name: 'x-how', in: 'header', required: true, schema: { type: 'string' } },
  ])
  expect(operation.requestBody?.content).toEqual({
    'application/json': {
      schema: { type: 'object', required: ['a'], properties: { a: { type: 'integer' } } },
    },
  })
})

test('a parameter of the path has the limits that its route gives it', () => {
  const operation = describe({ params: Type.Object({ id: Type.String({ minLength: 14, maxLength: 255 }) }) })
  expect(operation.parameters).toEqual([
    { name: 'id', in: 'path', required: true, schema: { type: 'string', minLength: 14, maxLength: 255 } },
  ])
})

test('a header that some good answers have is described and not required', () => {
  const { responses } = describe({ replyHeaders: ['cardkeep-network-tokens'] })
  expect(responses['201']?.headers['cardkeep-network-tokens']).toEqual({
    description: expect.any(String) as string,
    schema: { type: 'string' },
  })
  expect(responses['400']?.headers).not.toHaveProperty('cardkeep-network-tokens')
})

test('only a route that lists what is wrong says so', () => {
  expect(describe({}).responses['400']?.description).not.toContain('InvalidFields')
  expect(describe({ listsFaults: true }).responses['400']?.description).toContain('InvalidFields')
})

test('a body of several content types is described for each, and one that may be nothing is not required', () => {
  const body = Type.Union([Type.Null(), Type.Object({})])
  const operation = describe({ body, accepts: ['json', 'form', 'xml'] })
  expect(operation.requestBody?.required).toBe(false)
  expect(Object.keys(operation.requestBody?.content ?? {})).toEqual([
    'application/json',
    'application/x-www-form-urlencoded',
    'application/xml',
    'text/xml',
  ])
})

test('a body that is one of several says so without names', () => {
  const ofType = (type: string) => Type.Object({ type: Type.Literal(type) })
  const body = Type.Unsafe({ oneOf: [ofType('a'), ofType('b')], discriminator: { propertyName: 'type' } })
  const { requestBody } = describe({ body })
  expect(requestBody?.content['application/json']).toEqual({
    schema: { oneOf: [ofType('a'), ofType('b')] },
  })
})

test('every status that the table can give is there, with the refusals that have it and their headers', () => {
  const { responses } = describe({ auth: { permission: 'forward', publicKey: false } })
  expect(Object.keys(responses)).toEqual(['201', '400', '403', '408', '431', '500', '502', '526'])
  expect(responses['403']?.description).toBe('LockedOut, NotPermitted')
  expect(responses['403']?.headers).toMatchObject({
    'x-request-id': { required: true },
    'cardkeep-refusal': { required: true, schema: { enum: ['LockedOut', 'NotPermitted'] } },
  })
  expect(responses['403']?.headers['retry-after']).not.toHaveProperty('required')
  expect(responses['526']?.content).toEqual({
    'application/json': { schema: { $ref: '#/components/schemas/ozuraRefusal' } },
  })
})

test('what all refusals of a status say is told of each, beside what every refusal has', () => {
  const { responses } = describe({}, { saysAlways: (status) => (status === 400 ? { message: 'No.' } : {}) })
  const $ref = '#/components/schemas/ozuraRefusal'
  expect(responses['400']?.content).toEqual({
    'application/json': { schema: { allOf: [{ $ref }, { properties: { message: { const: 'No.' } } }] } },
  })
  expect(responses['500']?.content).toEqual({ 'application/json': { schema: { $ref } } })
})

test('a route lists no refusals that only other routes can give', () => {
  const typesOf = (spec: Partial<Spec>): string => {
    const { responses } = describe(spec)
    return Object.values(responses)
      .map(({ description }) => description)
      .join()
  }
  const open = typesOf({})
  for (const type of ['NotPermitted', 'TokenNotFound', 'CardExpired', 'ForwardFailed', 'Idempotency'])
    expect(open).not.toContain(type)
  expect(typesOf({ auth: { permission: 'tokenize', publicKey: false } })).toContain('CardExpired')
  const idempotency = { header: 'key', sameness: () => new Error('is not asked') as never }
  expect(typesOf({ idempotency })).toContain('IdempotencyKeyInUse')
})

test('a route for visitors asks for no credential, and may give what only visitors are refused for', () => {
  const visit = defineVisitorRoute<RouteInput, unknown>({
    method: 'POST',
    path: '/things/:id',
    summary: 'Visit a thing',
    auth: 'visitor',
    crossOrigin: true,
    replies: { 200: Type.Object({}) },
    decode: (input) => ok(input),
    run: async () => ok('fine'),
    encode: () => ({ status: 200, body: {} }),
  })
  const operation = describe({}, { routes: [visit] })
  expect(operation.security).toEqual([])
  expect(operation).toMatchObject({
    description:
      'Needs no credential: whoever knows the id in the path may call it, from a page of any origin.',
  })
  expect(operation).not.toHaveProperty('x-cardkeep-permission')
  const told = Object.values(operation.responses)
    .map(({ description }) => description)
    .join()
  for (const type of ['InvalidCardNumber', 'CardExpired', 'TooManyGuesses']) expect(told).toContain(type)
  for (const type of ['NotAuthenticated', 'LockedOut', 'NotPermitted', 'ForwardFailed'])
    expect(told).not.toContain(type)
})

const visitAt = (
  method: 'GET' | 'POST',
  path: string,
  more: Pick<Route, 'refuses'> = {},
): OpenApiDocument['paths'] => {
  const dialect = dialectOf(
    {},
    {
      routes: [
        defineVisitorRoute<RouteInput, unknown>({
          ...{ method, path, summary: '', auth: 'visitor', replies: { 200: Type.Object({}) } },
          ...more,
          ...{ decode: (input) => ok(input), run: async () => ok('fine') },
          encode: () => ({ status: 200, body: {} }),
        }),
      ],
    },
  )
  return describeDialect({ version: '1', dialects: [dialect] }, dialect).paths
}

test('a route lists what it says that it refuses, and nothing that only cards are refused for', () => {
  const refuses = ['NotAuthenticated', 'LockedOut', 'IssuerNotReady'] as const
  const { post } = visitAt('POST', '/token', { refuses })['/token'] as { readonly post: Operation }
  expect(post).toMatchObject({ security: [], description: 'Needs no credential in its headers.' })
  const told = Object.values(post.responses)
    .map(({ description }) => description)
    .join()
  for (const type of refuses) expect(told).toContain(type)
  for (const type of ['InvalidCardNumber', 'CodeNotHeld', 'TooManyGuesses']) expect(told).not.toContain(type)
})

test('what anybody may read is refused to nobody', () => {
  const { get } = visitAt('GET', '/keys')['/keys'] as { readonly get: Operation }
  expect(Object.keys(get.responses)).toEqual(['200', '400', '408', '431', '500'])
})

test('an answer without a body has no content, and one of another type has that type', () => {
  const empty = describe({ replies: { 204: Type.Null() } }).responses['204']
  expect(empty).toMatchObject({ description: 'No Content' })
  expect(empty).not.toHaveProperty('content')
  const picture = describe({ replies: { 200: Type.String() }, replyType: 'image/svg+xml' }).responses['200']
  expect(picture?.content).toEqual({ 'image/svg+xml': { schema: { type: 'string' } } })
})

test('a route that relays may answer anything, also where it has refusals of its own', () => {
  const { responses } = describe({ auth: { permission: 'forward', publicKey: false }, relays: true })
  const anything = { '*/*': { schema: {} } }
  expect(responses).not.toHaveProperty('201')
  expect(responses['default']).toMatchObject({ content: anything })
  expect(responses['403']).toMatchObject({
    description: 'LockedOut, NotPermitted; or, without `cardkeep-refusal`: What the destination answered',
    content: anything,
    headers: { 'cardkeep-refusal': { required: false } },
  })
})

test('what a dialect says on every reply stands on each, with its value', () => {
  const { responses } = describe({}, { headers: { 'x-version': '7' } })
  const { 408: _slow, 431: _long, ...ofRoute } = responses
  for (const { headers } of Object.values(ofRoute))
    expect(headers['x-version']).toMatchObject({ required: true, schema: { const: '7' } })
})

test('a body that is kept as text is JSON of any form to whoever sends it', () => {
  const body = Type.String({ description: 'JSON with placeholders' })
  const { requestBody } = describe({ body, keepsText: true })
  expect(requestBody?.content['application/json']).toEqual({
    schema: { description: 'JSON with placeholders' },
  })
})

test('a body that may be null may be left out', () => {
  const body = Type.Unsafe({ type: ['object', 'null'] })
  expect(describe({ body }).requestBody?.required).toBe(false)
  expect(describe({ body: Type.Object({}) }).requestBody?.required).toBe(true)
})

test('a header of a route stands on each of its replies, bugs included', () => {
  const { responses } = describe({ refusalHeaders: () => ({ 'cardkeep-sent': 'no' }) })
  const { 408: _slow, 431: _long, ...ofRoute } = responses
  for (const { headers } of Object.values(ofRoute)) expect(headers['cardkeep-sent']?.required).toBe(true)
})

test('a header that nobody has described stops the document', () => {
  expect(() => describe({ refusalHeaders: () => ({ 'x-strange': '1' }) })).toThrow('x-strange')
})

test('the whole names every dialect, the routes of the vault and its version', () => {
  const one = dialectOf({})
  const other = dialectOf({ path: '/others' }, { name: 'hellgate' })
  const whole = describeVault({ version: '7.8.9', dialects: [one, other] })
  expect(whole).toMatchObject({ openapi: '3.1.0', info: { title: 'Cardkeep', version: '7.8.9' } })
  expect(Object.keys(whole.paths)).toEqual([
    '/things/{id}',
    '/others',
    '/health/live',
    '/health/ready',
    '/openapi.json',
    '/openapi/ozura.json',
    '/openapi/hellgate.json',
  ])
  expect(whole['components']).toMatchObject({
    securitySchemes: { ozuraCredential: { name: 'X-Key' }, hellgatePublicKey: { name: 'X-Public' } },
    schemas: { ozuraRefusal: {}, hellgateRefusal: {}, vaultRefusal: {} },
  })
})
