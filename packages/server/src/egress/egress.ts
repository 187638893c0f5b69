import {
  type Destination,
  maxRequestBytes,
  type ProviderHeader,
} from '@cardkeep/core/destinations/destination'
import { UnavailableError } from '@cardkeep/core/errors'
import type { Secret } from '@cardkeep/core/kernel/secret'
import type { Egress } from '@cardkeep/core/ports'
import { admitForward } from './admit.ts'
import { type Resolve, resolveBySystem } from './connector.ts'
import { createPools } from './pools.ts'
import { probeDestination } from './probe.ts'
import { sendForward } from './send.ts'

export interface EgressOptions {
  /** All addresses of a name. The system's resolver unless given. */
  readonly resolve?: Resolve
  readonly timeouts?: Partial<EgressTimeouts>
  readonly limits?: Partial<EgressLimits>
  /** Opens the PEM private key of a destination's client certificate; called once for each pool of connections. */
  readonly openClientKey: (destination: Destination) => Promise<Secret<string>>
  /** Opens the value of one of a destination's headers; called once for each pool of connections. */
  readonly openHeader: (destination: Destination, header: ProviderHeader) => Promise<Secret<string>>
}

export interface EgressTimeouts {
  /** For name lookup, TCP and TLS together. */
  readonly connectMs: number
  /** From handing the request over to the answer's head. */
  readonly headersMs: number
  /** Between two pieces of the answer's body. */
  readonly bodyMs: number
  /** For everything; shorter than a code's reservation, so that a code can be given back. */
  readonly totalMs: number
  /**
   * How long a connection is kept for which there is no request. A provider that closes one just as a request is written
   * to it leaves us not knowing whether the request was read, and a code that it carried is gone; so not for long.
   */
  readonly keepAliveMs: number
}

export interface EgressLimits {
  readonly requestBytes: number
  /** Of the body as it comes, and again of what it decodes to. */
  readonly answerBytes: number
}

/** wire: ozura §errors, inferred: its pages know that it times out, and not when. */
const defaultTimeouts: EgressTimeouts = {
  connectMs: 5_000,
  headersMs: 25_000,
  bodyMs: 25_000,
  totalMs: 30_000,
  keepAliveMs: 2_000,
}

const defaultLimits: EgressLimits = { requestBytes: maxRequestBytes, answerBytes: 10 * 1024 * 1024 }

/** The only way out to strangers: what may be sent where, over which connections, and what may come back. */
export const createEgress = (options: EgressOptions): Egress & { close(): Promise<void> } => {
  const timeouts = { ...defaultTimeouts, ...options.timeouts }
  const limits = { ...defaultLimits, ...options.limits }
  const { resolve = resolveBySystem, openClientKey, openHeader } = options
  const { connectMs, keepAliveMs } = timeouts
  const pools = createPools({ resolve, connectMs, keepAliveMs, openClientKey, openHeader })
  let isClosed = false
  return {
    admit: admitForward,
    probe: async (forward) => {
      if (isClosed) throw new UnavailableError('the vault is stopping')
      return probeDestination({ pools, resolve, connectMs }, forward.destination)
    },
    send: async (forward, parcel) =>
      isClosed
        ? { type: 'refused', refusal: { type: 'Unavailable' } }
        : sendForward({ pools, timeouts, limits }, forward, parcel),
    /** Lets forwards in flight end. */
    close: async () => {
      isClosed = true
      await pools.close()
    },
  }
}
