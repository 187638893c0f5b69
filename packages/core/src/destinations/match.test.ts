import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DestinationId } from '../kernel/ids.ts'
import type { Destination, ForwardMethod } from './destination.ts'
import { findDestination, isAllowed, reservedHeaders } from './match.ts'

const origin = 'https://psp.example'

const destination = (parts: Partial<Destination> = {}): Destination =>
  ({ origin, pathPrefix: undefined, methods: [], headers: [], ...parts }) as Destination

const target = (path: string, method: ForwardMethod = 'POST') => ({ origin, path, method })

const underV1 = (path: string, prefix = '/v1/charges'): boolean =>
  isAllowed(destination({ pathPrefix: prefix }), target(path))

describe('an origin is compared as a whole', () => {
  test.each([
    'https://psp.example:8443',
    'http://psp.example',
    'https://psp.example.evil.example',
    'https://evil.example',
    'https://psp.exampl',
    'https://PSP.example',
    'null',
    '',
  ])('%s is another', (other) => {
    expect(isAllowed(destination(), { ...target('/'), origin: other })).toBe(false)
  })

  test('the very same is allowed, with any path where no prefix is set', () => {
    for (const path of ['/', '/v1', '/a%2fb', '/a\\b'])
      expect(isAllowed(destination(), target(path))).toBe(true)
  })
})

describe('a path prefix ends where a segment ends', () => {
  test.each(['/v1/charges', '/v1/charges/', '/v1/charges/7', '/v1/charges//', '/v1/charges/a/b'])(
    '%s is below /v1/charges',
    (path) => expect(underV1(path)).toBe(true),
  )

  test.each([
    '/',
    '/v1',
    '/v1/',
    '/v1/charge',
    '/v1/charges2',
    '/v1/charges-old/7',
    '/v1/charges.json',
    '/V1/charges',
    '/v2/v1/charges',
    'v1/charges',
    '//v1/charges',
    '',
  ])('%s is not', (path) => expect(underV1(path)).toBe(false))

  test('a prefix that ends with a slash does not allow its folder without one', () => {
    expect(underV1('/v1/', '/v1/')).toBe(true)
    expect(underV1('/v1/x', '/v1/')).toBe(true)
    expect(underV1('/v1', '/v1/')).toBe(false)
    expect(underV1('/v10', '/v1/')).toBe(false)
  })

  test('the prefix / allows every path', () => {
    expect(underV1('/', '/')).toBe(true)
    expect(underV1('/anything/at/all', '/')).toBe(true)
  })
})

test.each([
  ['an encoded slash', '/v1/charges/..%2fadmin'],
  ['an encoded slash in capitals', '/v1/charges/..%2Fadmin'],
  ['an encoded slash alone', '/v1/charges/%2f'],
  ['an encoded backslash', '/v1/charges/..%5cadmin'],
  ['an encoded backslash in capitals', '/v1/charges/..%5Cadmin'],
  ['a backslash', '/v1/charges/..\\admin'],
  ['a parameter behind two dots', '/v1/charges/..;/admin'],
  ['an encoded parameter', '/v1/charges/..%3b/admin'],
  ['a parameter of a segment', '/v1/charges/x;a=1'],
  ['an encoded parameter of a segment', '/v1/charges/x%3Ba=1'],
  ['a percent sign that is decoded twice', '/v1/charges/%252e%252e/admin'],
  ['a NUL', '/v1/charges/x%00'],
  ['an overlong byte', '/v1/charges/%c0%ae%c0%ae/admin'],
  ['dots that nobody resolved', '/v1/charges/../admin'],
  ['encoded dots that nobody resolved', '/v1/charges/%2e%2E/admin'],
  ['dots at the end', '/v1/charges/..'],
])('behind a prefix %s is refused, because a provider may read a way up in it', (_, path) =>
  expect(underV1(path)).toBe(false),
)

test.each([
  '/v1/charges/a.b',
  '/v1/charges/.well-known',
  '/v1/charges/a..b',
  '/v1/charges/%20x',
  '/v1/charges/a,b=c:d',
])('%s is harmless behind a prefix', (path) => expect(underV1(path)).toBe(true))

test('the platform that parses a URL resolves dot segments before a prefix is compared', () => {
  for (const text of [
    '/v1/charges/../admin',
    '/v1/charges/%2e%2e/admin',
    '/v1/charges/.%2E/admin',
    '/v1/charges/..\\admin',
  ])
    expect(underV1(new URL(text, origin).pathname)).toBe(false)
})

describe('a method', () => {
  const read = destination({ methods: ['GET', 'DELETE'] })
  test.each([
    ['GET', true],
    ['DELETE', true],
    ['POST', false],
    ['PUT', false],
    ['PATCH', false],
  ] as const)('%s is allowed by a list of GET and DELETE: %s', (method, allowed) => {
    expect(isAllowed(read, target('/', method))).toBe(allowed)
    expect(isAllowed(destination(), target('/', method))).toBe(true)
  })
})

describe('of several destinations', () => {
  const named = (id: string, parts: Partial<Destination>) =>
    destination({ id: id as DestinationId, ...parts })
  const wide = named('wide', {})
  const middle = named('middle', { pathPrefix: '/v1' })
  const narrow = named('narrow', { pathPrefix: '/v1/charges', methods: ['POST'] })

  test('the narrowest that allows the target is found, in whatever order they stand', () => {
    for (const all of [
      [wide, middle, narrow],
      [narrow, middle, wide],
      [middle, narrow, wide],
    ]) {
      expect(findDestination(all, target('/v1/charges/7'))).toBe(narrow)
      expect(findDestination(all, target('/v1/charges/7', 'GET'))).toBe(middle)
      expect(findDestination(all, target('/v1/refunds'))).toBe(middle)
      expect(findDestination(all, target('/v2'))).toBe(wide)
    }
  })

  test('none is found where none allows it', () => {
    expect(findDestination([], target('/'))).toBeUndefined()
    expect(findDestination([middle, narrow], target('/v2'))).toBeUndefined()
  })
})

test('whatever a prefix allows is the prefix or begins with it and a slash', () => {
  const segment = fc.constantFrom('v1', 'v', '1', 'charges', '', '.', '%2f', 'x%5Cy')
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`)
  fc.assert(
    fc.property(path, path, (prefix, given) => {
      if (!underV1(given, prefix)) return
      const folders = prefix.endsWith('/') ? prefix : `${prefix}/`
      expect(given === prefix || given.startsWith(folders)).toBe(true)
      expect(given).not.toMatch(/%2f|%5c/i)
    }),
    { seed: 1, numRuns: 2_000 },
  )
})

test('of two that are as narrow the one that adds headers is chosen, whichever came first', () => {
  const header = { name: 'authorization', sealedValue: new Uint8Array([1]) }
  const bare = destination()
  const adding = destination({ headers: [header] })
  expect(findDestination([bare, adding], target('/'))).toBe(adding)
  expect(findDestination([adding, bare], target('/'))).toBe(adding)
  const narrower = destination({ pathPrefix: '/v1' })
  expect(findDestination([adding, narrower], target('/v1/x'))).toBe(narrower)
})

test('a caller sends no header that the destination adds, or a narrower one of its origin', () => {
  const adding = (name: string, parts: Partial<Destination> = {}) =>
    destination({ ...parts, headers: [{ name, sealedValue: new Uint8Array([1]) }] })
  const bare = destination()
  const all = [
    bare,
    adding('a', { methods: ['POST'] }),
    adding('b', { pathPrefix: '/v1' }),
    adding('c', { pathPrefix: '/v1/charges' }),
    adding('d', { origin: 'https://other.example' }),
  ]
  expect(reservedHeaders(all, bare)).toEqual(['a', 'b', 'c'])
  expect(reservedHeaders(all, destination({ pathPrefix: '/v1' }))).toEqual(['b', 'c'])
  expect(reservedHeaders(all, destination({ pathPrefix: '/v2' }))).toEqual([])
})
