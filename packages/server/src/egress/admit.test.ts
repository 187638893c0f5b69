import type { Destination } from '@cardkeep/core/destinations/destination'
import type { ForwardWish } from '@cardkeep/core/ports'
import { makeDestination } from '@cardkeep/testing/provider/destination'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { admitForward } from './admit.ts'
import { admitHeaders } from './headers.ts'

const psp = makeDestination('https://api.psp.example')

const wish = (fields: Partial<ForwardWish>): ForwardWish => ({
  url: 'https://api.psp.example/v1/charges',
  method: 'POST',
  headers: {},
  destinations: [psp],
  ...fields,
})

const notAllowed = { ok: false, error: { type: 'DestinationNotAllowed' } }

test('an allowed URL is admitted with its destination', () => {
  const admitted = admitForward(wish({ url: 'https://API.psp.example:443/v1/./x/../charges?a=b' }))
  expect(admitted).toMatchObject({
    ok: true,
    value: { url: { href: 'https://api.psp.example/v1/charges?a=b' }, method: 'POST', destination: psp },
  })
})

describe('a URL that is not on the list is refused', () => {
  test.each([
    ['another host', 'https://evil.example/'],
    ['another port', 'https://api.psp.example:8443/'],
    ['plain HTTP', 'http://api.psp.example/'],
    ['another scheme', 'ftp://api.psp.example/'],
    ['user information', 'https://user:pass@api.psp.example/'],
    ['a user alone', 'https://user@api.psp.example/'],
    ['the host as user', 'https://api.psp.example@evil.example/'],
    ['a fragment', 'https://api.psp.example/#part'],
    ['an empty fragment', 'https://api.psp.example/#'],
    ['a host that only begins so', 'https://api.psp.example.evil.example/'],
    ['a final dot', 'https://api.psp.example./'],
    ['no URL', 'api.psp.example/v1'],
    ['an empty text', ''],
    ['too long a text', `https://api.psp.example/${'a'.repeat(9000)}`],
  ])('%s', (_name, url) => {
    expect(admitForward(wish({ url }))).toEqual(notAllowed)
  })

  test('a method or path outside what the destination allows', () => {
    const destinations = [makeDestination(psp.origin, { methods: ['POST'], pathPrefix: '/v1' })]
    expect(admitForward(wish({ destinations })).ok).toBe(true)
    expect(admitForward(wish({ destinations, method: 'GET' }))).toEqual(notAllowed)
    expect(admitForward(wish({ destinations, url: `${psp.origin}/v2` }))).toEqual(notAllowed)
    expect(admitForward(wish({ destinations, url: `${psp.origin}/v1/../v2` }))).toEqual(notAllowed)
    expect(admitForward(wish({ destinations, url: `${psp.origin}/v1/%2e%2e/v2` }))).toEqual(notAllowed)
    expect(admitForward(wish({ destinations, url: `${psp.origin}/v1/%2f../v2` }))).toEqual(notAllowed)
  })
})

test('plain HTTP is possible where the list itself says so', () => {
  const destinations = [makeDestination('http://psp.test:8080')]
  expect(admitForward(wish({ url: 'http://psp.test:8080/x', destinations })).ok).toBe(true)
  expect(admitForward(wish({ url: 'https://psp.test:8080/x', destinations }))).toEqual(notAllowed)
})

describe('an address as host is judged without a connection, however it is written', () => {
  const loopback = [
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://017700000001/',
    'https://127.1/',
    'https://127.0.0.1./',
    'https://①②⑦.0.0.1/',
    'https://%31%32%37.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[0:0:0:0:0:ffff:7f00:0001]/',
  ]
  test.each(loopback)('%s is refused although its origin is on the list', (url) => {
    const { origin } = new URL(url)
    expect(admitForward(wish({ url, destinations: [makeDestination(origin)] }))).toEqual(notAllowed)
  })

  test.each(loopback)('%s is admitted where the destination allows private addresses', (url) => {
    const destinations = [makeDestination(new URL(url).origin, { allowPrivate: true })]
    expect(admitForward(wish({ url, destinations })).ok).toBe(true)
  })

  test.each([
    'https://169.254.169.254/latest/meta-data/',
    'https://2852039166/',
    'https://0xa9fea9fe/',
    'https://[::ffff:169.254.169.254]/',
    'https://[fd00:ec2::254]/',
    'https://[fe80::1]/',
    'https://0.0.0.0/',
    'https://0/',
    'https://[::]/',
    'https://100.100.100.200/',
    'https://168.63.129.16/',
  ])('%s is refused for every destination', (url) => {
    const destinations = [makeDestination(new URL(url).origin, { allowPrivate: true })]
    expect(admitForward(wish({ url, destinations }))).toEqual(notAllowed)
  })

  test('a public address on the list is admitted', () => {
    const destinations = [makeDestination('https://8.8.8.8')]
    expect(admitForward(wish({ url: 'https://134744072/', destinations })).ok).toBe(true)
  })
})

describe('headers', () => {
  const admitHeader = (name: string, value = 'x') => admitForward(wish({ headers: { [name]: value } }))

  test('are passed on as given, with one encoding that is ours to choose', () => {
    const headers = { Authorization: 'Bearer k', 'X-Uber': 'é ÿ', 'ACCEPT-Encoding': 'gzip, br' }
    expect(admitForward(wish({ headers }))).toMatchObject({
      ok: true,
      value: {
        headers: { Authorization: 'Bearer k', 'X-Uber': 'é ÿ', 'accept-encoding': 'identity' },
      },
    })
  })

  test('leave no second encoding to choose from', () => {
    expect(admitHeaders({ 'ACCEPT-Encoding': 'gzip' }, [])).toEqual({
      ok: true,
      value: { 'accept-encoding': 'identity' },
    })
  })

  test.each([
    'Host',
    'host',
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    'Keep-Alive',
    'Upgrade',
    'TE',
    'Expect',
    'Trailer',
    'Proxy-Authorization',
    'proxy-connection',
    'Proxy-Anything',
    '',
    'X Y',
    'X:',
    ':authority',
    'X\r\nHost',
    'X\0',
    'Ü',
    '(x)',
  ])('"%s" may not be set by the caller', (header) => {
    expect(admitHeader(header)).toEqual({ ok: false, error: { type: 'HeaderNotAllowed', header } })
  })

  test.each(['a\r\nHost: x', 'a\nb', 'a\rb', 'a\0', 'a\tb', 'a\x7f', 'a\x85', 'ā', '中', '\ud800'])(
    'a value may not be %j',
    (value) => {
      expect(admitHeader('X-A', value)).toEqual({
        ok: false,
        error: { type: 'HeaderNotAllowed', header: 'X-A' },
      })
    },
  )

  test.each(['authorization', 'Authorization', 'AUTHORIZATION'])(
    "that the destination adds are not the caller's to send: %s",
    (header) => {
      const headers = [{ name: 'authorization', sealedValue: new Uint8Array([1]) }]
      const destinations = [makeDestination('https://psp.test', { headers })]
      const url = 'https://psp.test/'
      expect(admitForward(wish({ url, destinations, headers: { [header]: 'Bearer stolen' } }))).toEqual({
        ok: false,
        error: { type: 'HeaderNotAllowed', header },
      })
      expect(admitForward(wish({ url, destinations, headers: { 'x-other': '1' } })).ok).toBe(true)
    },
  )

  test.each(['X_Api_Key', 'x.api-key', 'x-api_KEY'])(
    "that the destination adds are not the caller's to send in another spelling of the same variable: %s",
    (header) => {
      const headers = [{ name: 'x-api-key', sealedValue: new Uint8Array([1]) }]
      const destinations = [makeDestination('https://psp.test', { headers })]
      const url = 'https://psp.test/'
      expect(admitForward(wish({ url, destinations, headers: { [header]: 'stolen' } }))).toEqual({
        ok: false,
        error: { type: 'HeaderNotAllowed', header },
      })
    },
  )

  test.each(['Content_Length', 'transfer_encoding', 'Proxy_Authorization'])(
    'of the connection are refused in that spelling too: %s',
    (header) =>
      expect(admitHeader(header)).toEqual({ ok: false, error: { type: 'HeaderNotAllowed', header } }),
  )

  test('may be spelled alike where neither is of the vault', () => {
    expect(admitForward(wish({ headers: { 'X-A': '1', X_A: '2' } })).ok).toBe(true)
  })

  describe('that one destination adds, beside another of the same origin', () => {
    const headers = [{ name: 'authorization', sealedValue: new Uint8Array([1]) }]
    const narrow = makeDestination('https://psp.test', { pathPrefix: '/v1', headers })
    const broad = makeDestination('https://psp.test')
    const send = (path: string, ...destinations: Destination[]) =>
      admitForward(
        wish({ url: `https://psp.test${path}`, destinations, headers: { Authorization: 'Bearer stolen' } }),
      ).ok

    test.each(['/V1/charges', '/v1;x/charges', '//v1/charges', '/v1%2fcharges'])(
      'are refused on %s, which the provider may read as the path of the narrower',
      (path) => {
        expect(admitForward(wish({ url: `https://psp.test${path}`, destinations: [broad] })).ok).toBe(true)
        expect(send(path, narrow, broad)).toBe(false)
        expect(send(path, broad)).toBe(true)
      },
    )

    test('are free where the paths have nothing in common, or the origins', () => {
      const aside = makeDestination('https://psp.test', { pathPrefix: '/v2' })
      expect(send('/v2/charges', narrow, aside)).toBe(true)
      const other = makeDestination('https://other.test', { headers })
      expect(send('/v1/charges', other, broad)).toBe(true)
    })
  })

  test('may not come twice in different case', () => {
    expect(admitForward(wish({ headers: { 'X-A': '1', 'x-a': '2' } }))).toEqual({
      ok: false,
      error: { type: 'HeaderNotAllowed', header: 'x-a' },
    })
  })

  test('may be 16 KiB in all', () => {
    const fits = { 'X-A': 'a'.repeat(16 * 1024 - 7) }
    expect(admitForward(wish({ headers: fits })).ok).toBe(true)
    expect(admitForward(wish({ headers: { ...fits, B: '' } }))).toEqual({
      ok: false,
      error: { type: 'HeaderNotAllowed', header: 'B' },
    })
  })

  test('of any characters are either refused or fit to be written to the wire', () => {
    const text = fc.string({
      unit: fc.integer({ min: 0, max: 0x17f }).map(String.fromCharCode),
      maxLength: 4,
    })
    fc.assert(
      fc.property(text, text, (name, value) => {
        const admitted = admitHeader(name, value)
        if (!admitted.ok) return
        const line = `${name}: ${admitted.value.headers[name] ?? ''}`
        expect(Buffer.from(line, 'latin1').toString('latin1')).toBe(line)
        expect(line).not.toMatch(/\p{Cc}/u)
      }),
      { seed: 3, numRuns: 500 },
    )
  })
})
