import type { TenantId } from '../kernel/ids.ts'
import type { Secret } from '../kernel/secret.ts'
import type { EpochMs } from '../kernel/time.ts'

/** A request that came with an idempotency key. */
export interface KeyedRequest {
  readonly tenantId: TenantId
  /** Dialect, method and path: one key on two routes names two requests. */
  readonly route: string
  /** As the caller wrote it. */
  readonly key: string
  /** Everything that it says but its security code. It may hold a card number. */
  readonly content: Secret<string>
  readonly at: EpochMs
}

/** How a claim on a request is found, and told from a claim on another one; see `IdempotencyClaim`. */
export interface RequestMark {
  readonly name: Uint8Array
  readonly digest: Uint8Array
}
