import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { serveBench } from '../servers.ts'

/* Stands before a database and lets every answer come some milliseconds later, however many are under way at once. */

const port = Number(process.env['CARDKEEP_BENCH_PORT'])
const delayMs = Number(process.env['CARDKEEP_BENCH_DELAY_MS'])

const pass = (caller: Socket): void => {
  const database = connect(port, '127.0.0.1')
  caller.setNoDelay(true)
  database.setNoDelay(true)
  caller.pipe(database)
  database.on('data', (bytes) => setTimeout(() => caller.writable && caller.write(bytes), delayMs))
  database.on('close', () => setTimeout(() => caller.destroy(), delayMs))
  caller.on('error', () => database.destroy())
  database.on('error', () => caller.destroy())
}

const server = createServer(pass)
server.listen(0, '127.0.0.1')
await once(server, 'listening')
serveBench({ port: (server.address() as AddressInfo).port }, {}, async () => void server.close())
