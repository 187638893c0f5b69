import type { EventType, VaultEvent } from '@cardkeep/core/events/event'
import type { Secret } from '@cardkeep/core/kernel/secret'
import type { EpochMs } from '@cardkeep/core/kernel/time'

/** How events are called, look and are signed on the wire, and how a receiver says that it has one. */
export interface Form {
  /** What an operator may name for a webhook, with all that is told under that name. */
  readonly events: Readonly<Record<string, readonly EventType[]>>
  /** A signing secret as its receiver is given it. */
  makeSecret(): Secret<string>
  /**
   * The request for one attempt at this time. It holds no card number and no code. `undefined` where the form has no words
   * for what the event is about.
   */
  write(event: VaultEvent, secret: Secret<string>, at: EpochMs): SignedEvent | undefined
  /** `gone`: the receiver wants no more, and nothing is tried again. */
  judge(status: number): 'received' | 'failed' | 'gone'
}

export interface SignedEvent {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}
