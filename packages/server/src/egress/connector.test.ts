import * as net from 'node:net'
import { beforeEach, expect, test, vi } from 'vitest'
import { ConnectFailure } from './connect-failure.ts'
import { type ConnectorOptions, createConnector, type Resolve } from './connector.ts'

/** What stands between us and an address: sockets to some of them are led elsewhere or get no answer. */
const network = vi.hoisted(() => ({
  redirected: new Map<string, string>(),
  silent: new Set<string>(),
  tried: [] as string[],
}))

vi.mock('node:net', async (original) => {
  const real = await original<typeof net>()
  const connect = (options: net.TcpNetConnectOpts) => {
    const host = options.host ?? ''
    network.tried.push(host)
    if (network.silent.has(host)) return new real.Socket()
    return real.connect({ ...options, host: network.redirected.get(host) ?? host })
  }
  return { ...real, connect }
})

beforeEach(() => {
  network.redirected.clear()
  network.silent.clear()
  network.tried.length = 0
})

const connect = (options: Partial<ConnectorOptions>): Promise<net.Socket> =>
  new Promise((resolve, reject) => {
    const connector = createConnector({
      hostname: 'psp.test',
      port: 1,
      secureContext: undefined,
      allowPrivate: true,
      resolve: async () => [],
      connectMs: 1_000,
      ...options,
    })
    connector({ hostname: 'psp.test', protocol: 'http:', port: '1' }, (error, socket) =>
      error ? reject(error) : resolve(socket),
    )
  })

const addresses =
  (...list: string[]) =>
  async () =>
    list.map((address) => ({ address, family: net.isIP(address) }))

/** Counts who comes and whether they say anything. */
const listen = async () => {
  const seen = { connections: 0, bytes: 0 }
  const server = net.createServer((socket) => {
    seen.connections++
    socket.on('data', (chunk) => (seen.bytes += chunk.length)).on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { seen, port: address.port, close: () => new Promise((resolve) => server.close(resolve)) }
}

test('a socket that reached another address than the checked one is closed before a byte', async () => {
  const { seen, port, close } = await listen()
  network.redirected.set('127.0.0.2', '127.0.0.1')
  const opening = connect({ port, resolve: addresses('127.0.0.2', '127.0.0.1') })
  await expect(opening).rejects.toEqual(new ConnectFailure('address refused'))
  expect(network.tried).toEqual(['127.0.0.2'])
  await close()
  expect(seen.bytes).toBe(0)
})

test('addresses are tried in the order of the resolver, and only those', async () => {
  const { port, close } = await listen()
  const resolve = vi.fn<Resolve>(addresses('127.0.0.3', '127.0.0.2', '127.0.0.1'))
  const socket = await connect({ port, resolve })
  expect(network.tried).toEqual(['127.0.0.3', '127.0.0.2', '127.0.0.1'])
  expect(resolve).toHaveBeenCalledExactlyOnceWith('psp.test')
  socket.destroy()
  await close()
})

test('an address that swallows packets leaves time for the next', async () => {
  const { port, close } = await listen()
  network.silent.add('127.0.0.2')
  const started = performance.now()
  const socket = await connect({ port, connectMs: 600, resolve: addresses('127.0.0.2', '127.0.0.1') })
  expect(socket.remoteAddress).toBe('127.0.0.1')
  expect(performance.now() - started).toBeLessThan(500)
  socket.destroy()
  await close()
})

test('if every address swallows packets the time runs out', async () => {
  network.silent.add('127.0.0.2').add('127.0.0.3')
  const opening = connect({ connectMs: 60, resolve: addresses('127.0.0.2', '127.0.0.3') })
  await expect(opening).rejects.toEqual(new ConnectFailure('timed out'))
})

test.each<[boolean, ...string[]]>([
  [false, '127.0.0.1'],
  [false, '8.8.8.8', '127.0.0.1'],
  [false, '127.0.0.1', '8.8.8.8'],
  [false, '8.8.8.8', '::ffff:10.0.0.1'],
  [true, '127.0.0.1', '169.254.169.254'],
  [true, '127.0.0.1', 'fd00:ec2::254'],
  [true, '127.0.0.1', 'nonsense'],
  [true, '0.0.0.0'],
])('with allowPrivate %s none of %s, %s is tried', async (allowPrivate, ...list) => {
  const opening = connect({ allowPrivate, resolve: addresses(...list) })
  await expect(opening).rejects.toEqual(new ConnectFailure('address refused'))
  expect(network.tried).toEqual([])
})

test.each(['127.0.0.1', '[::1]', '[::ffff:7f00:1]'])(
  'the address %s as host is refused without a look-up',
  async (hostname) => {
    const resolve = vi.fn<Resolve>(addresses('8.8.8.8'))
    await expect(connect({ hostname, allowPrivate: false, resolve })).rejects.toEqual(
      new ConnectFailure('address refused'),
    )
    expect(resolve).not.toHaveBeenCalled()
    expect(network.tried).toEqual([])
  },
)
