import { createServer } from 'node:net'
import type { Destination } from '@cardkeep/core/destinations/destination'
import { UnavailableError } from '@cardkeep/core/errors'
import { Secret } from '@cardkeep/core/kernel/secret'
import { destinationOf, makeDestination } from '@cardkeep/testing/provider/destination'
import { type Provider, type ProviderOptions, startProvider } from '@cardkeep/testing/provider/provider'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createEgress, type EgressOptions } from './egress.ts'

type Closable = { close(): unknown }
const open: Closable[] = []
const closing = <T extends Closable>(thing: T): T => {
  open.push(thing)
  return thing
}
afterEach(async () => {
  for (const thing of open.splice(0).toReversed()) await thing.close()
})

let shared: Provider
beforeAll(async () => {
  shared = await startProvider()
  return () => shared.close()
})

const provide = async (options: ProviderOptions) => closing(await startProvider(options))

const probe = (destination: Destination, options: Partial<EgressOptions> = {}) => {
  const egress = closing(
    createEgress({
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
      openClientKey: () => Promise.reject(new Error('not asked for')),
      openHeader: () => Promise.reject(new Error('not asked for')),
      ...options,
    }),
  )
  const admitted = egress.admit({
    url: `${destination.origin}/v1`,
    method: 'POST',
    headers: {},
    destinations: [destination],
  })
  if (!admitted.ok) throw new Error(`refused: ${admitted.error.type}`)
  return egress.probe(admitted.value)
}

const addresses = ['not public']
const reached = (tls: string, protocol?: string) => ({ addresses, address: 'allowed', tls, protocol })

/** Accepts connections and keeps what is said to it. */
const listen = async () => {
  const heard: Buffer[] = []
  const server = createServer((socket) => {
    socket.on('data', (chunk) => heard.push(chunk)).on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return closing({ heard, port: address.port, close: () => new Promise((done) => server.close(done)) })
}

describe('a probe shakes hands as a forward would', () => {
  test('and closes again, with nothing of a request sent', async () => {
    const before = shared.requests.length
    const connections = shared.connections()
    expect(await probe(destinationOf(shared))).toEqual(reached('trusted', 'TLSv1.3'))
    expect(shared.connections()).toBe(connections + 1)
    expect(shared.requests).toHaveLength(before)
    while (shared.openConnections() > 0) await new Promise(setImmediate)
  })

  test('by the older protocol', async () => {
    const provider = await provide({ protocol: 'TLS 1.2' })
    expect(await probe(destinationOf(provider))).toEqual(reached('trusted', 'TLSv1.2'))
  })

  test.each(['of another name', 'expired', 'of another authority'] as const)(
    'and trusts no certificate that is %s',
    async (certificate) => {
      const provider = await provide({ certificate })
      expect(await probe(destinationOf(provider))).toEqual(reached('failed'))
    },
  )

  test('and trusts no public authority where the destination has its own', async () => {
    expect(await probe(destinationOf(shared, { ca: undefined }))).toEqual(reached('failed'))
  })

  test('and writes nothing where there is no TLS', async () => {
    const { heard, port } = await listen()
    const destination = makeDestination(`http://localhost:${port}`, { allowPrivate: true })
    expect(await probe(destination)).toEqual(reached('none'))
    expect(heard).toEqual([])
  })
})

describe('a client certificate', () => {
  test('that the other side takes is shown', async () => {
    const provider = await provide({ asksForClient: true })
    const client = { certificate: provider.client.certificate, sealedKey: new Uint8Array([1]) }
    const openClientKey = async () => new Secret(provider.client.key)
    expect(await probe(destinationOf(provider, { client }), { openClientKey })).toEqual(
      reached('trusted', 'TLSv1.3'),
    )
  })

  test.each(['modern', 'TLS 1.2'] as const)('that is missing is noticed (%s)', async (protocol) => {
    const provider = await provide({ asksForClient: true, protocol })
    expect(await probe(destinationOf(provider))).toMatchObject({ address: 'allowed', tls: 'failed' })
  })

  test('whose key is none fails', async () => {
    const client = { certificate: shared.client.certificate, sealedKey: new Uint8Array([1]) }
    const openClientKey = async () => new Secret('none')
    expect(await probe(destinationOf(shared, { client }), { openClientKey })).toEqual(reached('failed'))
  })

  test('whose key cannot be had is an outage', async () => {
    const client = { certificate: shared.client.certificate, sealedKey: new Uint8Array([1]) }
    const openClientKey = () => Promise.reject(new UnavailableError('the key service'))
    await expect(probe(destinationOf(shared, { client }), { openClientKey })).rejects.toThrow(
      UnavailableError,
    )
  })
})

describe('no connection is opened', () => {
  test('to a name of which one address is refused', async () => {
    const { heard, port } = await listen()
    const resolve = async () => [
      { address: '127.0.0.1', family: 4 },
      { address: '169.254.169.254', family: 4 },
    ]
    expect(
      await probe(makeDestination(`https://psp.test:${port}`, { allowPrivate: true }), { resolve }),
    ).toEqual({
      addresses: ['not public', 'not public'],
      address: 'refused',
      tls: 'not tried',
      protocol: undefined,
    })
    expect(heard).toEqual([])
  })

  test.each([
    ['that is not known', () => Promise.reject(new Error('ENOTFOUND'))],
    ['that stands for nothing', async () => []],
  ])('to a name %s', async (_, resolve) => {
    expect(await probe(makeDestination('https://psp.test'), { resolve })).toEqual({
      addresses: [],
      address: 'not resolved',
      tls: 'not tried',
      protocol: undefined,
    })
  })
})

test('which machines a network of its own has is told to nobody, and of public ones who they are', async () => {
  const resolve = async () =>
    ['203.0.113.7', '8.8.8.8', '10.1.2.3', '2606:4700::1'].map((address) => ({ address, family: 4 }))
  expect(await probe(makeDestination('https://psp.test'), { resolve })).toMatchObject({
    address: 'refused',
    addresses: ['not public', '8.8.8.8', 'not public', '2606:4700::1'],
  })
})

describe('a probe ends in time', () => {
  const timeouts = { connectMs: 300 }

  test('where a name is never answered', async () => {
    const resolve = () => new Promise<never>(() => undefined)
    expect(await probe(makeDestination('https://psp.test'), { resolve, timeouts })).toMatchObject({
      address: 'not resolved',
    })
  })

  test('where nobody speaks TLS', async () => {
    const { port } = await listen()
    const destination = makeDestination(`https://localhost:${port}`, { allowPrivate: true })
    expect(await probe(destination, { timeouts })).toEqual(reached('failed'))
  })

  test('where nobody listens', async () => {
    const { port, close } = await listen()
    await close()
    open.pop()
    const destination = makeDestination(`https://localhost:${port}`, { allowPrivate: true })
    expect(await probe(destination)).toEqual(reached('not reached'))
  })
})
