import type { DestinationId, TenantId } from '../kernel/ids.ts'
import type { EpochMs } from '../kernel/time.ts'

export const forwardMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
export type ForwardMethod = (typeof forwardMethods)[number]

/** Where a tenant's card data may be sent. */
export interface Destination {
  readonly id: DestinationId
  readonly tenantId: TenantId
  /** Scheme, host and port as `URL.origin` prints them. */
  readonly origin: string
  /** Only paths at or below this one; it begins with `/`. */
  readonly pathPrefix: string | undefined
  /** Empty: every method. */
  readonly methods: readonly ForwardMethod[]
  /** PEM; where given, no other authority is trusted for this destination. */
  readonly ca: string | undefined
  readonly client: ClientCertificate | undefined
  /** Allows private and loopback addresses; link-local and metadata addresses never. */
  readonly allowPrivate: boolean
  readonly createdAt: EpochMs
}

export interface ClientCertificate {
  /** PEM chain, public. */
  readonly certificate: string
  /** The PEM private key, sealed under the tenant's client-TLS key. */
  readonly sealedKey: Uint8Array
}
