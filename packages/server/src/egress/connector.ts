import { lookup } from 'node:dns/promises'
import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { buildConnector } from 'undici'
import { isAllowedAddress } from './addresses.ts'
import { literalAddress } from './admit.ts'
import { ConnectFailure, expiry } from './connect-failure.ts'
import { connectToFirst, type Session, secure } from './sockets.ts'

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
 * Opens connections to one origin. A name is looked up once for each connection; if any of its addresses is refused,
 * none is tried, because the caller does not choose which one a resolver answers with first. The rest are tried in
 * order, by address, so that no second lookup can answer differently.
 */
export const createConnector = (options: ConnectorOptions): buildConnector.connector => {
  const session: Session = { ticket: undefined }
  return (_options, callback) => {
    open(options, session).then(
      (socket) => callback(null, socket),
      (error: unknown) =>
        callback(error instanceof ConnectFailure ? error : new ConnectFailure('connection refused'), null),
    )
  }
}

const open = async (options: ConnectorOptions, session: Session): Promise<Socket> => {
  const { hostname, port, secureContext } = options
  const deadline = performance.now() + options.connectMs
  const addresses = await addressesOf(hostname, options.resolve, deadline)
  if (!addresses.every((address) => isAllowedAddress(address, options.allowPrivate)))
    throw new ConnectFailure('address refused')
  const tcp = await connectToFirst(addresses, port, deadline)
  return secureContext ? secure(tcp, { hostname, secureContext, session, deadline }) : tcp
}

/** All addresses of a host, at least one. Throws `ConnectFailure`. */
export const addressesOf = async (
  hostname: string,
  resolve: Resolve,
  deadline: number,
): Promise<readonly string[]> => {
  const literal = literalAddress(hostname)
  const addresses = literal ? [literal] : await lookUp(hostname, resolve, deadline)
  if (addresses.length === 0) throw new ConnectFailure('name not resolved')
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
