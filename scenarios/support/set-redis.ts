import { once } from 'node:events'
import { connect } from 'node:net'

/** Changes a setting of a Redis server that asks for no password, as its operator does. */
export const setRedis = async (
  { port }: { readonly port: number },
  name: string,
  value: string,
): Promise<void> => {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write(`CONFIG SET ${name} ${value}\r\n`)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  if (answer.toString() !== '+OK\r\n') throw new Error(`Redis does not take ${name}: ${answer.toString()}`)
}
