import type { DestinationId, TenantId } from '../kernel/ids.ts'
import type { EpochMs } from '../kernel/time.ts'

export const forwardMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
export type ForwardMethod = (typeof forwardMethods)[number]

/** The longest body that is sent. */
export const maxRequestBytes = 1024 * 1024

/** Where a tenant's card data may be sent. */
export interface Destination {
  readonly id: DestinationId
  readonly tenantId: TenantId
  /** Scheme, host and port as `URL.origin` prints them. */
  readonly origin: string
  /** Only paths at or below this one; it begins with `/`. */
  readonly pathPrefix: string | undefined
  /** Empty: every method. One of which only a newer program knows stays among them, so that none is not what is left. */
  readonly methods: readonly string[]
  /** PEM; where given, no other authority is trusted for this destination. */
  readonly ca: string | undefined
  readonly client: ClientCertificate | undefined
  /** Sent along with every request; a caller cannot send one of the same name. */
  readonly headers: readonly ProviderHeader[]
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

/** How the vault proves to a provider whose account it is, so that a stolen API key cannot send cards to another one. */
export interface ProviderHeader {
  /** In lower case. */
  readonly name: string
  /** The value, sealed under the tenant's provider-header key. */
  readonly sealedValue: Uint8Array
}
