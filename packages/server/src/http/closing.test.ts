import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import fastify from 'fastify'
import { expect, test } from 'vitest'
import { closeAfterAnswers } from './closing.ts'

test('a request that never goes on ends with the grace, by whatever the clock says then', async () => {
  const app = fastify()
  closeAfterAnswers(app)
  app.post('/', async () => 'never')
  await app.listen({ host: '127.0.0.1', port: 0 })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  const closed = once(socket, 'close')
  const begun = once(app.server, 'request')
  socket.write('POST / HTTP/1.1\r\nHost: vault\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n{')
  await begun
  // A timer can be up to a millisecond before the clock; here the clock stands still.
  const { now } = performance
  const at = performance.now()
  performance.now = () => at
  try {
    await Promise.all([app.close(), closed])
  } finally {
    performance.now = now
  }
  expect(app.server.listening).toBe(false)
}, 10_000)
