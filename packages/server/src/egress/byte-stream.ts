import type { Socket } from 'node:net'
import { createSecureContext } from 'node:tls'
import { literalAddress } from './admit.ts'
import { resolveBySystem } from './connector.ts'
import { connectToFirst, secure } from './sockets.ts'

/** Where a stream goes; the operator of the vault named it, so it may be anywhere. */
export interface StreamTarget {
  /** `host:port` */
  readonly address: string
  readonly secure: boolean
  /** PEM; where given, no other authority is trusted. */
  readonly ca: string | undefined
}

export interface ByteStream {
  /** Resolves when the bytes were handed to the system. Throws once the connection is gone. */
  write(bytes: Buffer): Promise<void>
  isOpen(): boolean
  close(): void
}

const connectMs = 5_000
const writeMs = 10_000

/** Opens a connection that only sends. Throws `ConnectFailure`. */
export const openByteStream = async (target: StreamTarget): Promise<ByteStream> => {
  const { hostname, port } = new URL(`tcp://${target.address}`)
  const deadline = performance.now() + connectMs
  const literal = literalAddress(hostname)
  const addresses = literal ? [literal] : (await resolveBySystem(hostname)).map(({ address }) => address)
  const tcp = await connectToFirst(addresses, Number(port), deadline)
  const socket = target.secure
    ? await secure(tcp, {
        hostname,
        secureContext: createSecureContext({
          minVersion: 'TLSv1.2',
          ...(target.ca !== undefined && { ca: target.ca }),
        }),
        session: { ticket: undefined },
        deadline,
      })
    : tcp
  return wrap(socket)
}

const wrap = (socket: Socket): ByteStream => {
  // What the other side says is of no interest, but must be read for its end to be seen.
  socket.on('error', () => {}).resume()
  return {
    write: (bytes) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const timer = setTimeout(() => socket.destroy(new Error('the stream takes nothing')), writeMs)
      socket.write(bytes, (error) => (error ? reject(error) : resolve()))
      return promise.finally(() => clearTimeout(timer))
    },
    isOpen: () => socket.writable && !socket.readableEnded,
    close: () => socket.destroy(),
  }
}
