import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import type { Destination } from '@cardkeep/core/destinations/destination'
import type { Probe } from '@cardkeep/core/ports'
import { isAllowedAddress } from './addresses.ts'
import { ConnectFailure } from './connect-failure.ts'
import { addressesOf, type Resolve } from './connector.ts'
import { endpointOf, type Pools } from './pools.ts'
import { connectToFirst, type Session, secure } from './sockets.ts'

export interface ProbePorts {
  readonly pools: Pools
  readonly resolve: Resolve
  /** For name lookup, TCP and TLS together. */
  readonly connectMs: number
}

/**
 * Goes as far as a connection to a destination goes before the first byte of a request, and closes it: what a forward
 * would meet, by the same rules. Throws `UnavailableError` where a key cannot be had, and nothing for what others do.
 */
export const probeDestination = async (
  { pools, resolve, connectMs }: ProbePorts,
  destination: Destination,
): Promise<Probe> => {
  const { hostname, port } = endpointOf(destination.origin)
  const deadline = performance.now() + connectMs
  const addresses = await orFailure(addressesOf(hostname, resolve, deadline))
  if (addresses instanceof ConnectFailure) return notTried('not resolved', [])
  const told = addresses.map(tellAddress)
  if (!addresses.every((address) => isAllowedAddress(address, destination.allowPrivate)))
    return notTried('refused', told)
  const tcp = await orFailure(connectToFirst(addresses, port, deadline))
  if (tcp instanceof ConnectFailure)
    return tcp.reason === 'address refused'
      ? notTried('refused', told)
      : { addresses: told, address: 'allowed', tls: 'not reached', protocol: undefined }
  try {
    return {
      addresses: told,
      address: 'allowed',
      ...(await probeTls(pools, destination, tcp, hostname, deadline)),
    }
  } finally {
    tcp.destroy()
  }
}

/** How a network is laid out inside is not told to whoever has an API key (PCI DSS 1.4.5). */
const tellAddress = (address: string): string => (isAllowedAddress(address, false) ? address : 'not public')

const notTried = (address: Probe['address'], addresses: readonly string[]): Probe => ({
  addresses,
  address,
  tls: 'not tried',
  protocol: undefined,
})

const probeTls = async (
  pools: Pools,
  destination: Destination,
  tcp: Socket,
  hostname: string,
  deadline: number,
): Promise<Pick<Probe, 'tls' | 'protocol'>> => {
  const opened = await orFailure(pools.get(destination))
  if (opened instanceof ConnectFailure) return { tls: 'failed', protocol: undefined }
  const { secureContext } = opened
  if (!secureContext) return { tls: 'none', protocol: undefined }
  // A session of its own: one that is taken up again would not show whether the certificate is good today.
  const session: Session = { ticket: undefined }
  const socket = await orFailure(secure(tcp, { hostname, secureContext, session, deadline }))
  if (socket instanceof ConnectFailure) return { tls: 'failed', protocol: undefined }
  const protocol = socket instanceof TLSSocket ? (socket.getProtocol() ?? undefined) : undefined
  const isHeard = await staysOpen(socket, session, deadline)
  socket.destroy()
  return { tls: isHeard ? 'trusted' : 'failed', protocol }
}

/** In TLS 1.3 the other side may still refuse our certificate, or want one, after our side of the handshake is over. */
const staysOpen = async (socket: Socket, session: Session, deadline: number): Promise<boolean> => {
  if (session.ticket || socket.destroyed) return !socket.destroyed
  const { promise, resolve } = Promise.withResolvers<boolean>()
  // A ticket comes only once all was accepted (RFC 8446 section 4.6.1); some servers send none.
  socket.once('session', () => resolve(true)).once('close', () => resolve(false))
  const timer = new AbortController()
  const patience = Math.max(0, Math.min(ticketMs, deadline - performance.now()))
  const waited = delay(patience, true, { signal: timer.signal }).catch(() => true)
  try {
    return await Promise.race([promise, waited])
  } finally {
    timer.abort()
  }
}

const ticketMs = 300

/** A failure to connect as a value; everything else is thrown on. */
const orFailure = async <T>(outcome: Promise<T>): Promise<T | ConnectFailure> => {
  try {
    return await outcome
  } catch (error) {
    if (error instanceof ConnectFailure) return error
    throw error
  }
}
