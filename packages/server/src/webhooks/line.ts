import { type DeliveryFailure, decideHealth, isFailing } from '@cardkeep/core/events/delivery-schedule'
import type { Delivery, Webhook, WebhookHealth } from '@cardkeep/core/events/webhook'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import type { Attempt } from './attempt.ts'

/*
 * What one webhook has under way in this process.
 *
 *   open     some deliveries are sent at a time, and more as they are taken
 *   probed   it failed before its pause: one delivery is sent, and the others wait for its outcome
 *   closed   it failed so often that it is paused, or it asked for time: nothing more is sent
 *
 * A success opens, and a failure may close. What was in flight as it closed still ends, and says nothing about its
 * health any more: of sixty requests that end together sixty failures are one outage.
 */
export interface Line {
  readonly webhook: Webhook
  add(claimed: Claimed): void
  /** The next delivery that may be sent now; it is under way from here on. */
  next(): Claimed | undefined
  /** One that was under way has ended. Answers the webhook's health where that is another now. */
  ended(attempt: Attempt, at: EpochMs): WebhookHealth | undefined
  /** Everything that waits; it will not be sent. */
  takeWaiting(): readonly Claimed[]
  /** What waits behind the one that is sent as a probe: kept here it would take the room of other webhooks. */
  takeSurplus(): readonly Claimed[]
  /** More would only wait here. */
  isFull(): boolean
  /** Why nothing more is sent. */
  closed(): Closed | undefined
  /** Waits or is under way. */
  held(): number
  underWay(): number
}

/** Others may have the delivery after `until`. */
export interface Claimed {
  readonly delivery: Delivery
  readonly until: EpochMs
}

export interface Closed {
  readonly failure: DeliveryFailure
  readonly health: WebhookHealth
  readonly at: EpochMs
  /** The endpoint is dead: what was not sent would have failed too. Otherwise it only asked for time. */
  readonly isDead: boolean
}

export const createLine = (webhook: Webhook): Line => {
  let waiting: Claimed[] = []
  let underWay = 0
  let width = firstWidth
  let health = webhook.health
  let closed: Closed | undefined
  const isProbed = (): boolean => !closed && isFailing(health)

  return {
    webhook,
    add: (claimed) => void waiting.push(claimed),
    next: () => {
      if (closed || underWay >= (isFailing(health) ? 1 : width)) return undefined
      const claimed = waiting.shift()
      if (claimed) underWay++
      return claimed
    },
    ended: (attempt, at) => {
      underWay--
      if (closed || attempt.type === 'not made' || attempt.type === 'passed over') return undefined
      const failure = attempt.type === 'failed' ? attempt.failure : undefined
      if (!failure) width = Math.min(width + 1, lineWidth)
      if (!failure && health.failures === 0) return undefined
      health = decideHealth(health, failure, at)
      if (failure && health.pausedUntil !== undefined)
        closed = { failure, health, at, isDead: failure.isGone || isFailing(health) }
      return health
    },
    takeWaiting: () => {
      const taken = waiting
      waiting = []
      return taken
    },
    takeSurplus: () => (isProbed() ? waiting.splice(underWay === 0 ? 1 : 0, waiting.length) : []),
    isFull: () => !closed && waiting.length + underWay >= (isProbed() ? 1 : lineWidth),
    closed: () => closed,
    held: () => waiting.length + underWay,
    underWay: () => underWay,
  }
}

/** Each taken delivery allows one more at a time: sixty new connections at once would be hard on either side. */
const firstWidth = 8

/** So many at a time at most. A receiver that answers in 30 ms takes two thousand a second. */
const lineWidth = 64
