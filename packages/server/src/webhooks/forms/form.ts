import type { VaultEvent } from '@cardkeep/core/events/event'
import type { Secret } from '@cardkeep/core/kernel/secret'
import type { EpochMs } from '@cardkeep/core/kernel/time'

/** How events look and are signed on the wire. */
export interface Form {
  /** A signing secret as its receiver is given it. */
  makeSecret(): Secret<string>
  /** The request for one attempt at this time. It holds no card number and no code. */
  write(event: VaultEvent, secret: Secret<string>, at: EpochMs): SignedEvent
}

export interface SignedEvent {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}
