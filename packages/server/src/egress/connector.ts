import type { ForwardFailure } from '@cardkeep/core/errors'
import { lookup } from 'node:dns/promises'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type SecureContext } from 'node:tls'
import type { buildConnector } from 'undici'
import { isAllowedAddress, isSameAddress } from './addresses.ts'
import { literalAddress } from './admit.ts'

export interface ResolvedAddress {
  readonly address: string
  readonly family: number
}

export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>

/** The order of the system's resolver is kept: it knows which family has a route. */
export const resolveBySystem: Resolve = (hostname) => lookup(hostname, { all: true, order: 'verbatim' })

export interface ConnectorOptions {
  readonly hostname: string
  readonly port: number
  /** `undefined` for plain HTTP. */
  readonly secureContext: SecureContext | undefined
  readonly allowPrivate: boolean
  readonly resolve: Resolve
  /** For name lookup, TCP and TLS together. */
  readonly connectMs: number
}

/**
 * Thrown where a connection could not be made, so nothing of a request was sent. Its code is none that undici knows: to
 * some of its own it answers by connecting again.
 */
export class ConnectFailure extends Error {
  override readonly name = 'ConnectFailure'
  readonly code = 'CARDKEEP_CONNECT'
  readonly reason: ForwardFailure | 'timed out'

  constructor(reason: ForwardFailure | 'timed out') {
    super(reason)
    this.reason = reason
  }
}

/**
 * Opens connections to one origin. A name is looked up once for each connection; if any of its addresses is refused,
 * none is tried, because the caller does not choose which one a resolver answers with first. The rest are tried in
 * order, by address, so that no second lookup can answer differently.
 */
export const createConnector = (options: ConnectorOptions): buildConnector.connector => {
  const session = { ticket: undefined as Buffer | undefined }
  return (_options, callback) => {
    open(options, session).then(
      (socket) => callback(null, socket),
      (error: unknown) =>
        callback(error instanceof ConnectFailure ? error : new ConnectFailure('connection refused'), null),
    )
  }
}

/** The newest TLS session of the origin, resumed by the next connection. Certificates were checked when it began. */
interface Session {
  ticket: Buffer | undefined
}

const open = async (options: ConnectorOptions, session: Session): Promise<Socket> => {
  const deadline = performance.now() + options.connectMs
  const addresses = await checkedAddresses(options, deadline)
  const tcp = await connectToFirst(addresses, options.port, deadline)
  return options.secureContext ? secure(tcp, options, options.secureContext, session, deadline) : tcp
}

const checkedAddresses = async (
  { hostname, resolve, allowPrivate }: ConnectorOptions,
  deadline: number,
): Promise<readonly string[]> => {
  const literal = literalAddress(hostname)
  const addresses = literal ? [literal] : await lookUp(hostname, resolve, deadline)
  if (addresses.length === 0) throw new ConnectFailure('name not resolved')
  if (!addresses.every((address) => isAllowedAddress(address, allowPrivate)))
    throw new ConnectFailure('address refused')
  return addresses
}

const lookUp = async (hostname: string, resolve: Resolve, deadline: number): Promise<readonly string[]> => {
  const timeout = expiry(deadline)
  try {
    const found = await Promise.race([resolve(hostname), timeout.promise])
    return found.map(({ address }) => address)
  } catch (error) {
    throw error instanceof ConnectFailure ? error : new ConnectFailure('name not resolved')
  } finally {
    timeout.clear()
  }
}

const connectToFirst = async (
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

const secure = async (
  tcp: Socket,
  { hostname }: ConnectorOptions,
  secureContext: SecureContext,
  session: Session,
  deadline: number,
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

const expiry = (deadline: number): { readonly promise: Promise<never>; clear(): void } => {
  const { promise, reject } = Promise.withResolvers<never>()
  // The race it stands in may be over before it is looked at.
  promise.catch(ignore)
  const timer = setTimeout(
    () => reject(new ConnectFailure('timed out')),
    Math.max(0, deadline - performance.now()),
  )
  return { promise, clear: () => clearTimeout(timer) }
}

const ignore = (): void => undefined
