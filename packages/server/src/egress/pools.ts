import { createSecureContext, type SecureContext } from 'node:tls'
import type { Destination, ProviderHeader } from '@cardkeep/core/destinations/destination'
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
  /** What one of the destination's headers says. */
  readonly openHeader: (destination: Destination, header: ProviderHeader) => Promise<Secret<string>>
}

/** All that is opened once for a destination. */
export interface OpenedPool {
  readonly dispatcher: Dispatcher
  /** `undefined` for plain HTTP. */
  readonly secureContext: SecureContext | undefined
  /** What the vault adds to every request. */
  readonly headers: readonly AddedHeader[]
}

export interface AddedHeader {
  readonly name: string
  readonly value: Secret<string>
}

export interface Pools {
  /** Throws `ConnectFailure` where the certificates cannot be used, `UnavailableError` where a key cannot be had. */
  get(destination: Destination): Promise<OpenedPool>
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
    entry?.opened.then(({ dispatcher }) => dispatcher.close()).catch(ignore)
  }

  return {
    get: (destination) => {
      const key = `${destination.id} ${destination.origin}`
      const known = entries.get(key)
      if (known && connectsAlike(known.destination, destination)) {
        entries.delete(key)
        entries.set(key, known)
        return known.opened
      }
      remove(key)
      const entry = { destination, opened: openPool(options, destination) }
      entries.set(key, entry)
      // A failure is not kept: the next forward asks the key service again.
      entry.opened.catch(() => entries.get(key) === entry && entries.delete(key))
      const [oldest] = entries.keys()
      if (entries.size > maxPools && oldest !== undefined) remove(oldest)
      return entry.opened
    },
    close: async () => {
      const pools = [...entries.values()].map(({ opened }) =>
        opened.then(({ dispatcher }) => dispatcher.close(), ignore),
      )
      entries.clear()
      await Promise.all(pools)
    },
  }
}

interface Entry {
  readonly destination: Destination
  readonly opened: Promise<OpenedPool>
}

const maxPools = 256
const connectionsPerPool = 256

const openPool = async (options: PoolsOptions, destination: Destination): Promise<OpenedPool> => {
  const { origin } = destination
  const isSecure = origin.startsWith('https:')
  const secureContext = isSecure ? await secureContextOf(options, destination) : undefined
  const headers = await openHeaders(options, destination)
  return { dispatcher: createDispatcher(options, destination, secureContext), secureContext, headers }
}

const openHeaders = async (
  { openHeader }: PoolsOptions,
  destination: Destination,
): Promise<readonly AddedHeader[]> => {
  try {
    return await Promise.all(
      destination.headers.map(async (header) => ({
        name: header.name,
        value: await openHeader(destination, header),
      })),
    )
  } catch {
    // Without it the provider would take the request for somebody else's.
    throw new UnavailableError('a header of a destination cannot be opened')
  }
}

const createDispatcher = (
  { resolve, connectMs, ...options }: PoolsOptions,
  { origin, allowPrivate }: Destination,
  secureContext: SecureContext | undefined,
): Dispatcher => {
  const { hostname, port } = endpointOf(origin)
  return new Pool(origin, {
    connect: createConnector({ hostname, port, secureContext, allowPrivate, resolve, connectMs }),
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

/** The host as a URL spells it, and the port that its scheme stands for unless another is named. */
export const endpointOf = (origin: string): { readonly hostname: string; readonly port: number } => {
  const { protocol, hostname, port } = new URL(origin)
  return { hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) }
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
    isSame(a.client?.sealedKey, b.client?.sealedKey) &&
    a.headers.length === b.headers.length &&
    a.headers.every(
      ({ name, sealedValue }, index) =>
        name === b.headers[index]?.name && isSame(sealedValue, b.headers[index].sealedValue),
    ))

const isSame = (a: Uint8Array = noBytes, b: Uint8Array = noBytes): boolean => Buffer.compare(a, b) === 0

const noBytes = new Uint8Array()

const ignore = (): void => undefined
