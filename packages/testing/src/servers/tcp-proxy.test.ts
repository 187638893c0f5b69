import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startTcpProxy } from './tcp-proxy.ts'

test('what is said passes both ways, and an end is an end', async () => {
  const { client, proxy } = await converse()
  client.socket.end('one')
  await vi.waitUntil(() => client.socket.closed)
  expect(client.heard()).toBe('first:one')
  await vi.waitUntil(() => proxy.open() === 0)
})

test('a connection that is cut breaks, and none is had until the way is restored', async () => {
  const { proxy, client } = await converse()
  proxy.cut()
  await vi.waitUntil(() => client.socket.closed)
  const refused = call(proxy.port)
  await vi.waitUntil(() => refused.socket.closed)
  proxy.restore()
  expect(refused.heard()).toBe('')
  const again = call(proxy.port)
  again.socket.write('two')
  await again.hears('first:two')
})

test('a way that hangs keeps what is said and that it ended, in its order, until it is restored', async () => {
  const { echo, proxy, client } = await converse()
  proxy.hang()
  const late = call(proxy.port)
  late.socket.write('late')
  client.socket.write('one')
  // Each goes as far as the proxy by itself, so that the order is one of pieces.
  await vi.waitUntil(() => client.socket.writableLength === 0)
  client.socket.end('two')
  await echo.answersElsewhere()
  expect(echo.received()).toBe('')
  proxy.restore()
  await client.hears('first:onetwo')
  await late.hears('first:late')
  await vi.waitUntil(() => client.socket.closed)
})

test('a server hears what it is asked while its answers hang', async () => {
  const { echo, proxy, client } = await converse()
  proxy.hang('answers')
  client.socket.write('one')
  await vi.waitUntil(() => echo.received() === 'one')
  await echo.answersElsewhere()
  expect(client.heard()).toBe('')
  proxy.restore()
  await client.hears('first:one')
})

test('a delay holds what is said for its time, each way', async () => {
  const { proxy, client } = await converse()
  proxy.delay(60)
  const since = performance.now()
  client.socket.write('one')
  await client.hears('first:one')
  // A timer may be early by a millisecond.
  expect(performance.now() - since).toBeGreaterThan(115)
})

test('new connections lead where it was turned to, and those that stand stay', async () => {
  const { proxy, client } = await converse()
  client.socket.write('one')
  await client.hears('first:one')
  proxy.turnTo((await startEcho('second')).port)
  client.socket.write('two')
  await client.hears('first:onetwo')
  const other = call(proxy.port)
  other.socket.write('three')
  await other.hears('second:three')
  expect(client.heard()).toBe('first:onetwo')
})

const converse = async () => {
  const echo = await startEcho('first')
  const proxy = await startTcpProxy(echo)
  onTestFinished(() => proxy.close())
  const client = call(proxy.port)
  await once(client.socket, 'connect')
  return { echo, proxy, client }
}

/** Says its name first, and then what it hears. */
const startEcho = async (name: string) => {
  let received = ''
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.write(`${name}:`))
    socket.on('data', (piece: Buffer) => {
      received += piece.toString()
      socket.write(piece)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('a listener without a port')
  const { port } = address
  return {
    port,
    received: () => received,
    /** Whoever asks by another way has an answer: there was time for one. */
    answersElsewhere: async () => {
      const before = received
      const other = call(port)
      other.socket.write('elsewhere')
      await other.hears(`${name}:elsewhere`)
      received = before
    },
  }
}

const call = (port: number) => {
  let heard = ''
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => undefined)
  socket.on('data', (piece: Buffer) => {
    heard += piece.toString()
  })
  onTestFinished(() => void socket.destroy())
  return {
    socket,
    heard: () => heard,
    hears: (text: string) => vi.waitUntil(() => heard === text, { timeout: 5_000 }),
  }
}
