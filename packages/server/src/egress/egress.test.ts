import { createServer, type Server } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import type { Destination } from '@cardkeep/core/destinations/destination'
import { UnavailableError } from '@cardkeep/core/errors'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { ForwardWish, Parcel, SendOutcome } from '@cardkeep/core/ports'
import { testCards } from '@cardkeep/testing/canary/cards'
import { answer as answerWith, type Behaviour } from '@cardkeep/testing/provider/behaviours'
import { destinationOf, makeDestination } from '@cardkeep/testing/provider/destination'
import { type Provider, type ProviderOptions, startProvider } from '@cardkeep/testing/provider/provider'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Resolve } from './connector.ts'
import { createEgress, type EgressOptions } from './egress.ts'

const pan = testCards.visa
const code = '123'
const charge = (fields: object = {}) =>
  JSON.stringify({
    amount: 1000,
    currency: 'EUR',
    card: { number: pan, exp_month: '12', cvc: code },
    ...fields,
  })

type Closable = { close(): unknown }
const open: Closable[] = []
const closing = <T extends Closable>(thing: T): T => {
  open.push(thing)
  return thing
}
afterEach(async () => {
  for (const thing of open.splice(0).toReversed()) await thing.close()
})

/** Made once: making certificates takes longer than a test. */
let shared: Provider
beforeAll(async () => {
  shared = await startProvider()
  return () => shared.close()
})

const provide = async (options: ProviderOptions = {}) => closing(await startProvider(options))

const loopback = async () => [{ address: '127.0.0.1', family: 4 }]

const noKey = async (): Promise<Secret<string>> => {
  throw new Error('no destination here has a client certificate')
}

const noHeader = async (): Promise<Secret<string>> => {
  throw new Error('no destination here adds a header')
}

const makeEgress = (options: Partial<EgressOptions> = {}) =>
  closing(createEgress({ resolve: loopback, openClientKey: noKey, openHeader: noHeader, ...options }))

type Sender = ReturnType<typeof makeEgress>
type Post = Partial<Omit<Parcel, 'body'>> &
  Partial<Pick<ForwardWish, 'method' | 'headers'>> & { readonly body?: string | undefined }

const send = (
  egress: Sender,
  destination: Destination,
  path: string,
  post: Post = {},
): Promise<SendOutcome> => {
  const { method = 'POST', headers = {}, body = charge(), ...parcel } = post
  const admitted = egress.admit({
    url: destination.origin + path,
    method,
    headers,
    destinations: [destination],
  })
  if (!admitted.ok) throw new Error(`refused: ${admitted.error.type}`)
  return egress.send(admitted.value, {
    body: method === 'GET' ? undefined : new Secret(body),
    contentType: 'application/json',
    pan: new Secret(pan),
    accountNumber: undefined,
    code: new Secret(code),
    ...parcel,
  })
}

const failed = (sent: string, reason: string) => ({
  type: 'refused',
  refusal: { type: 'ForwardFailed', sent, reason },
})
const timedOut = (sent: string) => ({ type: 'refused', refusal: { type: 'ForwardTimedOut', sent } })
const answered = (status: number) => ({ type: 'answered', answer: { status } })

const bodyOf = (outcome: SendOutcome) => (outcome.type === 'answered' ? outcome.answer.body : outcome.refusal)

/** A server that accepts connections, counts them and never says anything. */
const listenMute = async () => {
  let connections = 0
  const sockets = new Set<{ destroy(): unknown }>()
  const server: Server = createServer((socket) => {
    connections++
    sockets.add(socket.on('error', () => undefined))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const { port } = address
  return closing({
    port,
    connections: () => connections,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(resolve))
    },
  })
}

const portOfNobody = async () => {
  const { port, close } = await listenMute()
  await close()
  open.pop()
  return port
}

describe('a request arrives as it was meant', () => {
  test('with its body, its headers and nothing else', async () => {
    const provider = await provide()
    const outcome = await send(makeEgress(), destinationOf(provider), '/v1/charges?try=1', {
      headers: { Authorization: 'Bearer key', 'Accept-Encoding': 'gzip' },
    })
    expect(outcome).toMatchObject(answered(200))
    expect(provider.requests).toEqual([
      {
        method: 'POST',
        path: '/v1/charges?try=1',
        headers: {
          host: new URL(provider.origin).host,
          connection: 'keep-alive',
          authorization: 'Bearer key',
          'accept-encoding': 'identity',
          'content-type': 'application/json',
          'content-length': String(charge().length),
        },
        bodyBytes: charge().length,
        card: { mask: '411111******1111', codeLength: 3 },
      },
    ])
  })

  test('with the type that the caller gave', async () => {
    const provider = await provide()
    const outcome = await send(makeEgress(), destinationOf(provider), '/v1/charges', {
      headers: { 'Content-type': 'application/x-www-form-urlencoded' },
      body: `amount=1000&card[number]=${pan}&card[cvc]=${code}`,
    })
    expect(outcome).toMatchObject(answered(200))
    expect(provider.requests[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded')
  })

  test('without a body and its type where the method has none', async () => {
    const provider = await provide()
    await send(makeEgress(), destinationOf(provider), '/v1/charges', { method: 'GET' })
    expect(provider.requests[0]).toMatchObject({ method: 'GET', bodyBytes: 0 })
    expect(provider.requests[0]?.headers).not.toHaveProperty('content-type')
  })
})

describe('an answer comes back as it was given', () => {
  test('with any status', async () => {
    const egress = makeEgress()
    const destination = destinationOf(shared)
    expect(await send(egress, destination, '/v1/charges', { body: charge({ amount: 1005 }) })).toMatchObject(
      answered(402),
    )
    expect(await send(egress, destination, '/v1/charges', { body: charge({ card: {} }) })).toMatchObject(
      answered(400),
    )
    expect(await send(egress, destination, '/nowhere')).toMatchObject(answered(404))
  })

  test('with the headers that are not about the connection or the encoding', async () => {
    const provider = await provide({
      answers: {
        '/x': (_request, response) => {
          response.setHeader('X-Request-Id', 'req_1')
          response.setHeader('Set-Cookie', ['a=1', 'b=2'])
          response.setHeader('Connection', 'keep-alive, X-Hop')
          response.setHeader('X-Hop', '1')
          response.setHeader('Proxy-Authenticate', 'Basic')
          response.setHeader('Content-Encoding', 'identity')
          response.sendDate = false
          response.end('fine')
        },
      },
    })
    const outcome = await send(makeEgress(), destinationOf(provider), '/x')
    expect(outcome).toEqual({
      type: 'answered',
      answer: {
        status: 200,
        headers: { 'x-request-id': 'req_1', 'set-cookie': ['a=1', 'b=2'] },
        body: { type: 'text', text: 'fine' },
      },
    })
  })

  test.each([
    ['application/json', '{"a":1}', 'json'],
    ['Application/Problem+JSON; charset=utf-8', '{"a":1}', 'json'],
    ['application/json', '{"a":', 'text'],
    ['application/json', '', 'text'],
    ['text/html', '{"a":1}', 'text'],
  ])('as %s with %s it is %s', async (contentType, body, type) => {
    const provider = await provide({
      answers: { '/x': (_request, response) => response.setHeader('content-type', contentType).end(body) },
    })
    expect(bodyOf(await send(makeEgress(), destinationOf(provider), '/x'))).toEqual({ type, text: body })
  })

  test.each([
    ['text/plain; charset=utf-8', 'c3a9', 'é'],
    ['text/plain', 'c3a9', 'é'],
    ['text/plain; charset=ISO-8859-1', 'e9', 'é'],
    ['text/plain; charset="iso-8859-15"', 'a4', '€'],
    ['text/plain; charset=utf-16le', 'e900', 'é'],
    ['text/plain; charset=martian', 'e9', 'é'],
    ['application/json', 'efbbbf22c3a922', '"é"'],
    ['text/plain; charset=iso-8859-1', 'efbbbfc3a9', 'é'],
    ['text/plain', 'fffee900', 'é'],
    ['text/plain; charset=utf-8', 'feff00e9', 'é'],
  ])('in the characters that %s means', async (contentType, hex, expected) => {
    const provider = await provide({
      answers: {
        '/x': (_request, response) =>
          response.setHeader('content-type', contentType).end(Buffer.from(hex, 'hex')),
      },
    })
    expect(bodyOf(await send(makeEgress(), destinationOf(provider), '/x'))).toMatchObject({ text: expected })
  })

  test('after an interim answer', async () => {
    expect(await send(makeEgress(), destinationOf(shared), '/interim')).toMatchObject(answered(200))
  })

  test('as a redirect, which is not followed', async () => {
    const other = await provide()
    const outcome = await send(makeEgress(), destinationOf(shared), `/redirect?to=${other.origin}/v1/charges`)
    expect(outcome).toMatchObject({
      type: 'answered',
      answer: { status: 302, headers: { location: `${other.origin}/v1/charges` } },
    })
    expect(other.connections()).toBe(0)
  })
})

describe('card data that a provider echoes is masked', () => {
  const shown = '411111******1111'

  test.each(['body', 'two-chunks', 'gzip', 'deflate', 'deflate-bare', 'br', 'zstd'])(
    'from %s',
    async (form) => {
      const outcome = await send(makeEgress(), destinationOf(shared), `/echo/${form}`)
      expect(bodyOf(outcome)).toEqual({
        type: 'json',
        text: charge().replace(pan, shown).replace(code, '***'),
      })
    },
  )

  test('from an error, from headers and from base64', async () => {
    const egress = makeEgress()
    const destination = destinationOf(shared)
    expect(bodyOf(await send(egress, destination, '/echo/error'))).toEqual({
      type: 'json',
      text: `{"error":{"message":"Card ${shown} with CVV *** was refused","param":"${shown}"}}`,
    })
    expect(await send(egress, destination, '/echo/header')).toMatchObject({
      answer: { headers: { 'x-card': shown, 'x-cvv': '***' } },
    })
    const length = Buffer.from(charge()).toString('base64').length
    expect(bodyOf(await send(egress, destination, '/echo/base64'))).toEqual({
      type: 'json',
      text: `{"request":"${'*'.repeat(length)}"}`,
    })
  })
})

describe('an answer in other characters than it says', () => {
  const xml = `<?xml version="1.0" encoding="utf-16"?><e>card ${pan}</e>`
  const answer = async (contentType: string, body: Buffer) => {
    const provider = await provide({
      answers: { '/x': (_request, response) => response.setHeader('content-type', contentType).end(body) },
    })
    return bodyOf(await send(makeEgress(), destinationOf(provider), '/x'))
  }

  test('is covered where a byte order mark tells them', async () => {
    expect(await answer('text/xml', Buffer.from(`\ufeff${xml}`, 'utf16le'))).toEqual({
      type: 'text',
      text: xml.replace(pan, '411111******1111'),
    })
  })

  test.each([
    ['text/xml', Buffer.from(xml, 'utf16le')],
    ['application/json', Buffer.from(charge(), 'utf16le').swap16()],
    ['application/json; charset=utf-16', Buffer.from(charge())],
    ['text/xml; charset=unicode', Buffer.from(xml)],
    ['text/plain; charset=utf-16', Buffer.from(`cvv ${code}`)],
  ])('is refused where it holds card data: %s', async (contentType, body) => {
    expect(await answer(contentType, body)).toEqual(failed('yes', 'answer not readable').refusal)
  })
})

describe('a request of which nothing left is "no"', () => {
  test.each([
    ['throws', () => Promise.reject(new Error('ENOTFOUND'))],
    ['finds nothing', () => Promise.resolve([])],
  ])('when the look-up %s', async (_name, resolve) => {
    expect(await send(makeEgress({ resolve }), destinationOf(shared), '/v1/charges')).toEqual(
      failed('no', 'name not resolved'),
    )
  })

  test('when nobody listens', async () => {
    const destination = makeDestination(`https://localhost:${await portOfNobody()}`, { allowPrivate: true })
    expect(await send(makeEgress(), destination, '/')).toEqual(failed('no', 'connection refused'))
  })

  test.each(['of another name', 'expired', 'of another authority'] as const)(
    'when the certificate is %s',
    async (certificate) => {
      const provider = await provide({ certificate })
      expect(await send(makeEgress(), destinationOf(provider), '/v1/charges')).toEqual(failed('no', 'tls'))
      expect(provider.requests).toEqual([])
    },
  )

  test('when the authority is a private one that the destination does not name', async () => {
    const destination = destinationOf(shared, { ca: undefined })
    expect(await send(makeEgress(), destination, '/v1/charges')).toEqual(failed('no', 'tls'))
  })

  test('when the provider speaks TLS 1.1 at most', async () => {
    const provider = await provide({ protocol: 'TLS 1.1' })
    const old = connectTls({
      port: provider.port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: provider.caPem,
      minVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    await new Promise((resolve, reject) => old.once('secureConnect', resolve).once('error', reject))
    expect(old.getProtocol()).toBe('TLSv1.1')
    old.destroy()
    expect(await send(makeEgress(), destinationOf(provider), '/v1/charges')).toEqual(failed('no', 'tls'))
  })

  test('when the provider speaks no TLS', async () => {
    const provider = await provide({ protocol: 'plain' })
    const destination = makeDestination(`https://localhost:${provider.port}`, { allowPrivate: true })
    expect(await send(makeEgress(), destination, '/v1/charges')).toEqual(failed('no', 'tls'))
    expect(provider.requests).toEqual([])
  })

  test.each([
    ['nobody answers the look-up', () => new Promise<never>(() => undefined)],
    ['nobody answers the greeting', loopback],
  ])('when %s in time', async (_name, resolve) => {
    const { port } = await listenMute()
    const destination = makeDestination(`https://localhost:${port}`, { allowPrivate: true })
    const egress = makeEgress({ resolve, timeouts: { connectMs: 50 } })
    expect(await send(egress, destination, '/')).toEqual(timedOut('no'))
  })

  test('when the whole time is over before there is a connection, and it does not leave later', async () => {
    const provider = await provide()
    const lookedUp = Promise.withResolvers<Awaited<ReturnType<typeof loopback>>>()
    const egress = makeEgress({ resolve: () => lookedUp.promise, timeouts: { totalMs: 50 } })
    expect(await send(egress, destinationOf(provider), '/v1/charges')).toEqual(timedOut('no'))
    lookedUp.resolve(await loopback())
    await vi.waitFor(() => expect([provider.connections(), provider.openConnections()]).toEqual([1, 0]))
    expect(provider.requests).toEqual([])
  })

  test('when the key service cannot be reached', async () => {
    const openClientKey = () => Promise.reject(new UnavailableError('the key service'))
    const client = { certificate: shared.client.certificate, sealedKey: new Uint8Array() }
    expect(
      await send(makeEgress({ openClientKey }), destinationOf(shared, { client }), '/v1/charges'),
    ).toEqual({
      type: 'refused',
      refusal: { type: 'Unavailable' },
    })
  })

  test.each([
    ['client certificate', { client: { certificate: 'none', sealedKey: new Uint8Array() } }],
    ['authority', { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }],
  ])('when the %s of the destination cannot be read', async (_name, fields) => {
    const egress = makeEgress({ openClientKey: async () => new Secret('none') })
    expect(await send(egress, destinationOf(shared, fields), '/v1/charges')).toEqual(failed('no', 'tls'))
  })
})

describe('a request of which something may have left, without the head of an answer, is "unknown"', () => {
  test.each([
    ['never answers', '/hang/head', timedOut('unknown')],
    ['answers only in the interim', '/interim/hang', timedOut('unknown')],
    ['hangs up', '/reset/head', failed('unknown', 'connection lost')],
    ['answers with something else than HTTP', '/no-http', failed('unknown', 'answer not readable')],
  ])('when the provider %s', async (_name, path, expected) => {
    const egress = makeEgress({ timeouts: { headersMs: 60 } })
    expect(await send(egress, destinationOf(shared), path)).toEqual(expected)
  })

  test('when the whole time is over while it waits for the answer', async () => {
    const egress = makeEgress({ timeouts: { totalMs: 800 } })
    expect(await send(egress, destinationOf(shared), '/hang/head')).toEqual(timedOut('unknown'))
  })
})

describe('a request whose answer began is "yes"', () => {
  test.each([
    ['stops in the middle', '/hang/body', { bodyMs: 60 }],
    ['never ends', '/drip', { totalMs: 1_000 }],
  ])('when the answer %s', async (_name, path, timeouts) => {
    expect(await send(makeEgress({ timeouts }), destinationOf(shared), path)).toEqual(timedOut('yes'))
  })

  test.each([
    ['breaks off', '/reset/body', 'connection lost'],
    ['announces more than the limit', '/large', 'answer too large'],
    ['is more than the limit', '/large/chunked', 'answer too large'],
    ['decodes to more than the limit', '/bomb', 'answer too large'],
    ['is in an encoding that nobody knows', '/echo/unknown-encoding', 'answer not readable'],
    ['is not what its encoding says', '/echo/damaged-gzip', 'answer not readable'],
  ])('when the answer %s', async (_name, path, reason) => {
    expect(await send(makeEgress(), destinationOf(shared), path)).toEqual(failed('yes', reason))
  })

  test('when the answer decodes to one byte more than the limit', async () => {
    const body = charge({ note: 'x'.repeat(1000) })
    const within = makeEgress({ limits: { answerBytes: body.length } })
    expect(await send(within, destinationOf(shared), '/echo/gzip', { body })).toMatchObject(answered(200))
    const over = makeEgress({ limits: { answerBytes: body.length - 1 } })
    expect(await send(over, destinationOf(shared), '/echo/gzip', { body })).toEqual(
      failed('yes', 'answer too large'),
    )
  })
})

describe('a request over the limit', () => {
  test('is refused before a connection, by its bytes', async () => {
    const provider = await provide()
    const egress = makeEgress({ limits: { requestBytes: 10 } })
    expect(await send(egress, destinationOf(provider), '/echo/body', { body: 'é'.repeat(6) })).toEqual({
      type: 'refused',
      refusal: { type: 'RequestTooLarge' },
    })
    expect(provider.connections()).toBe(0)
    expect(await send(egress, destinationOf(provider), '/echo/body', { body: 'é'.repeat(5) })).toMatchObject(
      answered(200),
    )
  })

  test('is one of more than a mebibyte, unless set otherwise', async () => {
    const egress = makeEgress()
    const body = 'x'.repeat(1024 * 1024)
    expect(await send(egress, destinationOf(shared), '/echo/body', { body })).toMatchObject(answered(200))
    expect(await send(egress, destinationOf(shared), '/echo/body', { body: `${body}x` })).toEqual({
      type: 'refused',
      refusal: { type: 'RequestTooLarge' },
    })
  })
})

describe('an address that is not allowed gets no connection', () => {
  test.each([
    ['a name for this machine', '127.0.0.1'],
    ['a name with a public and a private address', '93.184.216.34', '127.0.0.1'],
    ['a name with a private and a public address', '127.0.0.1', '93.184.216.34'],
    ['a name for a mapped address', '::ffff:127.0.0.1'],
  ])('%s', async (_name, ...addresses) => {
    const provider = await provide()
    const resolve = vi.fn<Resolve>(async () => addresses.map((address) => ({ address, family: 4 })))
    const destination = destinationOf(provider, { allowPrivate: false })
    expect(await send(makeEgress({ resolve }), destination, '/v1/charges')).toEqual(
      failed('no', 'address refused'),
    )
    expect(resolve).toHaveBeenCalledOnce()
    expect(provider.connections()).toBe(0)
  })

  test("the system's own name for this machine is looked up and refused like any other", async () => {
    const provider = await provide()
    const egress = closing(createEgress({ openClientKey: noKey, openHeader: noHeader }))
    const destination = destinationOf(provider, { allowPrivate: false })
    expect(await send(egress, destination, '/v1/charges')).toEqual(failed('no', 'address refused'))
    expect(await send(egress, destinationOf(provider), '/v1/charges')).toMatchObject(answered(200))
  })

  test('a name whose address changes is judged again for each connection, and looked up once for each', async () => {
    const provider = await provide()
    const addresses = ['127.0.0.1', '169.254.169.254']
    const resolve = vi.fn<Resolve>(async () => [{ address: addresses.shift() ?? '0.0.0.0', family: 4 }])
    const egress = makeEgress({ resolve })
    expect(await send(egress, destinationOf(provider), '/stale')).toMatchObject(answered(200))
    expect(resolve).toHaveBeenCalledTimes(1)
    await vi.waitFor(() => expect(provider.openConnections()).toBe(0))
    expect(await send(egress, destinationOf(provider), '/v1/charges')).toEqual(
      failed('no', 'address refused'),
    )
    expect(resolve).toHaveBeenCalledTimes(2)
    expect(provider.connections()).toBe(1)
  })

  test('an address as host needs no look-up', async () => {
    const resolve = vi.fn<Resolve>(loopback)
    const warn = vi.spyOn(process, 'emitWarning')
    const destination = destinationOf(shared, { origin: `https://127.0.0.1:${shared.port}` })
    expect(await send(makeEgress({ resolve }), destination, '/v1/charges')).toMatchObject(answered(200))
    expect(resolve).not.toHaveBeenCalled()
    // The platform warns where an address is given as the name of a server.
    expect(warn).not.toHaveBeenCalled()
    warn.mockRestore()
  })

  test('a proxy that the environment names is not used', async () => {
    const proxy = await listenMute()
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'ALL_PROXY'])
      vi.stubEnv(name, `http://127.0.0.1:${proxy.port}`)
    vi.stubEnv('NODE_USE_ENV_PROXY', '1')
    const outcome = await send(makeEgress(), destinationOf(shared), '/v1/charges')
    vi.unstubAllEnvs()
    expect(outcome).toMatchObject(answered(200))
    expect(proxy.connections()).toBe(0)
  })
})

describe('a header of the destination', () => {
  const secret = 'Bearer sk_live_0123456789'
  const header = { name: 'authorization', sealedValue: Buffer.from('sealed') }
  const openSealed = () => vi.fn<EgressOptions['openHeader']>(async () => new Secret(secret))

  test('is added to every request, and opened once', async () => {
    const provider = await provide()
    const openHeader = openSealed()
    const egress = makeEgress({ openHeader })
    const destination = destinationOf(provider, { headers: [header] })
    for (let times = 0; times < 2; times++)
      expect(await send(egress, destination, '/v1/charges', { headers: { 'x-own': '1' } })).toMatchObject(
        answered(200),
      )
    expect(provider.requests).toHaveLength(2)
    for (const { headers } of provider.requests)
      expect(headers).toMatchObject({
        authorization: secret,
        'x-own': '1',
        'content-type': 'application/json',
      })
    expect(openHeader).toHaveBeenCalledExactlyOnceWith(destination, header)
  })

  test('that was changed is opened again', async () => {
    const provider = await provide()
    const openHeader = openSealed().mockResolvedValueOnce(new Secret('Bearer of before'))
    const egress = makeEgress({ openHeader })
    const changed = { ...header, sealedValue: Buffer.from('sealed anew') }
    await send(egress, destinationOf(provider, { headers: [header] }), '/v1/charges')
    await send(egress, destinationOf(provider, { headers: [changed] }), '/v1/charges')
    await send(egress, destinationOf(provider), '/v1/charges')
    await send(egress, destinationOf(provider, { headers: [header] }), '/v1/charges')
    expect(provider.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer of before',
      secret,
      undefined,
      secret,
    ])
  })

  test('that cannot be opened lets nothing leave, and is asked for again by the next forward', async () => {
    const provider = await provide()
    const openHeader = openSealed().mockRejectedValueOnce(new Error('changed bytes'))
    const egress = makeEgress({ openHeader })
    const destination = destinationOf(provider, { headers: [header] })
    expect(await send(egress, destination, '/v1/charges')).toEqual({
      type: 'refused',
      refusal: { type: 'Unavailable' },
    })
    expect(provider.requests).toEqual([])
    expect(await send(egress, destination, '/v1/charges')).toMatchObject(answered(200))
  })

  test('that only says what is wanted leaves an answer in which the same stands as it is', async () => {
    const provider = await provide()
    const openHeader = async () => new Secret('application/json')
    const accept = { name: 'accept', sealedValue: Buffer.from('sealed') }
    const destination = destinationOf(provider, { headers: [accept] })
    expect(await send(makeEgress({ openHeader }), destination, '/v1/charges')).toMatchObject({
      answer: { headers: { 'content-type': 'application/json' } },
    })
    expect(provider.requests.at(-1)?.headers.accept).toBe('application/json')
  })

  test('does not come back from a provider that repeats what it gets', async () => {
    const repeat: Behaviour = ({ headers }, response) => {
      response.setHeader('x-echo', headers.authorization ?? '')
      answerWith(response, 200, 'application/json', JSON.stringify({ headers }))
    }
    const provider = await provide({ answers: { '/repeat': repeat } })
    const egress = makeEgress({ openHeader: openSealed() })
    const outcome = await send(egress, destinationOf(provider, { headers: [header] }), '/repeat')
    expect(outcome).toMatchObject({ answer: { status: 200, headers: { 'x-echo': '[concealed]' } } })
    expect(bodyOf(outcome)).toMatchObject({
      type: 'json',
      text: expect.stringContaining('"authorization":"[concealed]"'),
    })
    expect(JSON.stringify(outcome)).not.toContain('sk_live')
  })
})

describe('a client certificate', () => {
  const client = (provider: Provider) => ({
    certificate: provider.client.certificate,
    sealedKey: Buffer.from('sealed'),
  })

  test('is shown to a provider that wants one', async () => {
    const provider = await provide({ asksForClient: true })
    const openClientKey = vi.fn<EgressOptions['openClientKey']>(async () => new Secret(provider.client.key))
    const egress = makeEgress({ openClientKey })
    const destination = destinationOf(provider, { client: client(provider) })
    expect(await send(egress, destination, '/v1/charges')).toMatchObject(answered(200))
    expect(await send(egress, destination, '/v1/charges')).toMatchObject(answered(200))
    expect(openClientKey).toHaveBeenCalledExactlyOnceWith(destination)
  })

  test('whose key could not be had is asked for again by the next forward', async () => {
    const provider = await provide({ asksForClient: true })
    const openClientKey = vi
      .fn<EgressOptions['openClientKey']>()
      .mockRejectedValueOnce(new UnavailableError('the key service'))
      .mockResolvedValueOnce(new Secret(provider.client.key))
    const egress = makeEgress({ openClientKey })
    const destination = destinationOf(provider, { client: client(provider) })
    expect(await send(egress, destination, '/v1/charges')).toMatchObject({ refusal: { type: 'Unavailable' } })
    expect(await send(egress, destination, '/v1/charges')).toMatchObject(answered(200))
  })

  test('that is missing fails the handshake of TLS 1.2, before anything is sent', async () => {
    const provider = await provide({ asksForClient: true, protocol: 'TLS 1.2' })
    expect(await send(makeEgress(), destinationOf(provider), '/v1/charges')).toEqual(failed('no', 'tls'))
  })

  test('that is missing is noticed by TLS 1.3 when the request may have been written', async () => {
    const provider = await provide({ asksForClient: true })
    const outcome = await send(makeEgress(), destinationOf(provider), '/v1/charges')
    expect(outcome).toMatchObject({ refusal: { type: 'ForwardFailed', sent: 'unknown' } })
    expect(provider.requests).toEqual([])
  })
})

describe('connections', () => {
  test('are kept for the next request', async () => {
    const provider = await provide()
    const egress = makeEgress()
    for (let round = 0; round < 5; round++) {
      expect(await send(egress, destinationOf(provider), '/v1/charges')).toMatchObject(answered(200))
      await nextTurn()
    }
    expect(provider.connections()).toBe(1)
  })

  test.each([
    ['would keep them longer', '/v1/charges'],
    ['does not say how long it keeps them', '/unsaid'],
  ])('are given up when nothing was sent for a while, if the provider %s', async (_name, path) => {
    const provider = await provide({
      answers: {
        '/unsaid': (_request, response) => response.setHeader('connection', 'keep-alive').end('{}'),
      },
    })
    const egress = makeEgress({ timeouts: { keepAliveMs: 50 } })
    expect(await send(egress, destinationOf(provider), path)).toMatchObject(answered(200))
    expect(provider.openConnections()).toBe(1)
    await vi.waitFor(() => expect(provider.openConnections()).toBe(0))
  })

  test('that the provider closed are not used again, and their TLS session is', async () => {
    const provider = await provide()
    const egress = makeEgress()
    for (let round = 0; round < 3; round++) {
      expect(await send(egress, destinationOf(provider), '/stale')).toMatchObject(answered(200))
      await vi.waitFor(() => expect(provider.openConnections()).toBe(0))
    }
    expect([provider.connections(), provider.resumptions()]).toEqual([3, 2])
  })

  test.each(['POST', 'GET', 'PUT', 'DELETE'] as const)(
    'that break while a %s is on them do not make it go out again',
    async (method) => {
      const provider = await provide()
      const egress = makeEgress()
      await send(egress, destinationOf(provider), '/v1/charges')
      await nextTurn()
      expect(await send(egress, destinationOf(provider), '/reset/head', { method })).toEqual(
        failed('unknown', 'connection lost'),
      )
      expect(provider.requests.filter(({ path }) => path === '/reset/head')).toHaveLength(1)
      expect(provider.connections()).toBe(1)
    },
  )

  test('carry one request each at a time', async () => {
    const provider = await provide()
    const egress = makeEgress()
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => send(egress, destinationOf(provider), '/v1/charges')),
    )
    for (const outcome of outcomes) expect(outcome).toMatchObject(answered(200))
    expect(provider.connections()).toBe(20)
  })

  test('serve a destination that was read anew', async () => {
    const provider = await provide()
    const egress = makeEgress()
    await send(egress, destinationOf(provider), '/v1/charges')
    await nextTurn()
    await send(egress, { ...destinationOf(provider) }, '/v1/charges')
    expect(provider.connections()).toBe(1)
  })

  test.each<[string, Partial<Destination>, object]>([
    ['addresses', { allowPrivate: false }, failed('no', 'address refused')],
    ['authority', { ca: undefined }, failed('no', 'tls')],
    ['client certificate', { client: { certificate: '', sealedKey: new Uint8Array() } }, failed('no', 'tls')],
  ])('made before the %s of a destination changed serve nothing more', async (_name, change, expected) => {
    const egress = makeEgress()
    await send(egress, destinationOf(shared), '/v1/charges')
    await nextTurn()
    expect(await send(egress, destinationOf(shared, change), '/v1/charges')).toEqual(expected)
  })

  test('are not shared by destinations', async () => {
    const provider = await provide()
    const egress = makeEgress()
    await send(egress, destinationOf(provider), '/v1/charges')
    await nextTurn()
    const id = '00000000-0000-4000-8000-00000000d002' as Destination['id']
    await send(egress, destinationOf(provider, { id }), '/v1/charges')
    expect(provider.connections()).toBe(2)
  })

  test('are closed in the end, after the forwards in flight, and no more are made', async () => {
    const provider = await provide({
      answers: { '/x': (_request, response) => setTimeout(() => response.end('late'), 30) },
    })
    const egress = makeEgress()
    const inFlight = send(egress, destinationOf(provider), '/x')
    await vi.waitFor(() => expect(provider.requests).toHaveLength(1))
    const closed = egress.close()
    expect(await send(egress, destinationOf(provider), '/x')).toEqual({
      type: 'refused',
      refusal: { type: 'Unavailable' },
    })
    expect(bodyOf(await inFlight)).toMatchObject({ text: 'late' })
    await closed
    await vi.waitFor(() => expect(provider.openConnections()).toBe(0))
  })
})

test('plain HTTP goes where the list says so', async () => {
  const provider = await provide({ protocol: 'plain' })
  expect(await send(makeEgress(), destinationOf(provider), '/v1/charges')).toMatchObject(answered(200))
})
