import { createSecureContext, type SecureContext } from 'node:tls'
import type { Destination } from '@cardkeep/core/destinations/destination'
import { UnavailableError } from '@cardkeep/core/errors'
import { openSecret, type Secret } from '@cardkeep/core/kernel/secret'
import { type Dispatcher, Pool } from 'undici'
import { ConnectFailure } from './connect-failure.ts'
import { createConnector, type Resolve } from './connector.ts'

export interface PoolsOptions {
  readonly resolve: Resolve
  readonly connectMs: number
  /** How long a connection is kept for which there is no request. */
  readonly keepAliveMs: number
  /** The PEM private key of the destination's client certificate. */
  readonly openClientKey: (destination: Destination) => Promise<Secret<string>>
}

export interface Pools {
  /** Throws `ConnectFailure` where the certificates cannot be used, `UnavailableError` where the key cannot be had. */
  get(destination: Destination): Promise<Dispatcher>
  /** Lets requests in flight end. */
  close(): Promise<void>
}

/**
 * One pool of connections for each destination. A destination that was changed gets a new one, so that a connection
 * made under other certificates or other rules about addresses serves nothing more.
 */
export const createPools = (options: PoolsOptions): Pools => {
  // In order of last use.
  const entries = new Map<string, Entry>()

  const remove = (key: string): void => {
    const entry = entries.get(key)
    entries.delete(key)
    entry?.pool.then((pool) => pool.close()).catch(ignore)
  }

  return {
    get: (destination) => {
      const key = `${destination.id} ${destination.origin}`
      const known = entries.get(key)
      if (known && connectsAlike(known.destination, destination)) {
        entries.delete(key)
        entries.set(key, known)
        return known.pool
      }
      remove(key)
      const entry = { destination, pool: createPool(options, destination) }
      entries.set(key, entry)
      // A failure is not kept: the next forward asks the key service again.
      entry.pool.catch(() => entries.get(key) === entry && entries.delete(key))
      const [oldest] = entries.keys()
      if (entries.size > maxPools && oldest !== undefined) remove(oldest)
      return entry.pool
    },
    close: async () => {
      const pools = [...entries.values()].map(({ pool }) => pool.then((opened) => opened.close(), ignore))
      entries.clear()
      await Promise.all(pools)
    },
  }
}

interface Entry {
  readonly destination: Destination
  readonly pool: Promise<Pool>
}

const maxPools = 256
const connectionsPerPool = 256

const createPool = async (options: PoolsOptions, destination: Destination): Promise<Pool> => {
  const { origin, allowPrivate } = destination
  const { protocol, hostname, port } = new URL(origin)
  const isSecure = protocol === 'https:'
  const connect = createConnector({
    hostname,
    port: Number(port) || (isSecure ? 443 : 80),
    secureContext: isSecure ? await secureContextOf(options, destination) : undefined,
    allowPrivate,
    resolve: options.resolve,
    connectMs: options.connectMs,
  })
  return new Pool(origin, {
    connect,
    connections: connectionsPerPool,
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: options.keepAliveMs,
    keepAliveMaxTimeout: options.keepAliveMs,
    maxHeaderSize: 16 * 1024,
    // Its timers are coarse; a forward has its own.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
}

const secureContextOf = async (
  { openClientKey }: PoolsOptions,
  destination: Destination,
): Promise<SecureContext> => {
  const { ca, client } = destination
  try {
    const key = client && openSecret(await openClientKey(destination), 'authenticate')
    return createSecureContext({
      minVersion: 'TLSv1.2',
      ...(ca !== undefined && { ca }),
      ...(client && { cert: client.certificate, key }),
    })
  } catch (error) {
    throw error instanceof UnavailableError ? error : new ConnectFailure('tls')
  }
}

const connectsAlike = (a: Destination, b: Destination): boolean =>
  a === b ||
  (a.allowPrivate === b.allowPrivate &&
    a.ca === b.ca &&
    a.client?.certificate === b.client?.certificate &&
    Buffer.compare(a.client?.sealedKey ?? noBytes, b.client?.sealedKey ?? noBytes) === 0)

const noBytes = new Uint8Array()

const ignore = (): void => undefined
