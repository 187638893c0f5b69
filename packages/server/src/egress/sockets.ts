import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type SecureContext } from 'node:tls'
import type { ForwardFailure } from '@cardkeep/core/errors'
import { isSameAddress } from './addresses.ts'
import { literalAddress } from './admit.ts'
import { ConnectFailure, expiry } from './connect-failure.ts'

/** Connects to the first of the addresses that answers, and to nothing else. Throws `ConnectFailure`. */
export const connectToFirst = async (
  addresses: readonly string[],
  port: number,
  deadline: number,
): Promise<Socket> => {
  let failure = new ConnectFailure('connection refused')
  for (const [index, address] of addresses.entries()) {
    // An even share of what remains: an address that swallows packets must not use up the time of the next.
    const share = (deadline - performance.now()) / (addresses.length - index)
    try {
      return await connectTo(address, port, performance.now() + share)
    } catch (error) {
      if (!(error instanceof ConnectFailure)) throw error
      failure = error
      if (failure.reason === 'address refused') throw failure
    }
  }
  throw failure
}

const connectTo = async (address: string, port: number, deadline: number): Promise<Socket> => {
  const socket = connectTcp({ host: address, port, noDelay: true })
  await settled(socket, 'connect', 'connection refused', deadline)
  // What was checked and what was reached must be one before the first byte, whatever stood between.
  if (socket.remoteAddress === undefined || !isSameAddress(socket.remoteAddress, address)) {
    socket.destroy()
    throw new ConnectFailure('address refused')
  }
  return socket
}

/** The newest TLS session of the origin, resumed by the next connection. Certificates were checked when it began. */
export interface Session {
  ticket: Buffer | undefined
}

export interface TlsOptions {
  readonly hostname: string
  readonly secureContext: SecureContext
  readonly session: Session
  readonly deadline: number
}

/** Begins TLS on a socket; the certificate must be of an authority of the context and for the host. */
export const secure = async (
  tcp: Socket,
  { hostname, secureContext, session, deadline }: TlsOptions,
): Promise<Socket> => {
  const literal = literalAddress(hostname)
  const host = literal ?? hostname.replace(/\.$/, '')
  const socket = connectTls({
    socket: tcp,
    host,
    // RFC 6066 section 3: a server name is never an address, and has no final dot.
    servername: literal ? '' : host,
    secureContext,
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
    ...(session.ticket && { session: session.ticket }),
  })
  socket.on('session', (ticket) => {
    session.ticket = ticket
  })
  try {
    await settled(socket, 'secureConnect', 'tls', deadline)
    return socket
  } catch (error) {
    // A server may have forgotten the session; the next connection begins anew.
    session.ticket = undefined
    throw error
  }
}

/** Resolves with the event, or destroys the socket and throws. */
const settled = async (
  socket: Socket,
  event: 'connect' | 'secureConnect',
  reason: ForwardFailure,
  deadline: number,
): Promise<void> => {
  const timeout = expiry(deadline)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  promise.catch(ignore)
  const fail = () => reject(new ConnectFailure(reason))
  // The listener for errors stays: one that comes between two owners of the socket must not end the process.
  socket.once(event, resolve).on('error', fail).once('close', fail)
  try {
    await Promise.race([promise, timeout.promise])
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    timeout.clear()
  }
}

const ignore = (): void => undefined
