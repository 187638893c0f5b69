import type { Change } from '../changes.ts'
import { dayMs, type EpochMs, epochMs, hourMs, secondMs } from '../kernel/time.ts'
import type { Delivery, WebhookHealth } from './webhook.ts'

/*
 * A delivery that failed is tried again after 5 seconds, then after three times as long each time, up to every 6 hours;
 * the last attempt comes three days after the first, and if that fails too it is given up. How far it is follows from
 * the number of failures alone, and not from when the event happened: one that waited behind another, or that an
 * operator replays after a week, has its three days all the same.
 *
 * An endpoint has its own state:
 *
 *   open     fewer than 5 failures since the last success: everything is sent
 *   paused   after that nothing is sent for 30 seconds, then twice as long each time, up to an hour
 *   probed   the pause is over: one delivery is sent, and its outcome opens the endpoint or pauses it again
 */

export interface DeliveryFailure {
  /** Short, and nothing of what the endpoint said. */
  readonly reason: string
  /** What the endpoint asked for, if it did. */
  readonly retryAfterMs: number | undefined
  /** It answered that it is gone for good (RFC 9110 section 15.5.11). */
  readonly isGone: boolean
}

/** What becomes of a delivery that failed. `chance`, from 0 to below 1, spreads the deliveries that failed together. */
export const decideAfterFailure = (
  { no, attempts }: Pick<Delivery, 'no' | 'attempts'>,
  failure: DeliveryFailure,
  at: EpochMs,
  chance: number,
): Extract<Change, { type: 'delay-delivery' | 'give-up-delivery' }> => {
  const failed = { no, attempts: attempts + 1, failure: failure.reason }
  const delayMs = delayAfter(attempts)
  // Standard Webhooks: an endpoint that answers 410 wants no more. An operator can replay what was given up.
  if (failure.isGone || delayMs === undefined) return { type: 'give-up-delivery', ...failed, at }
  const spreadMs = delayMs * (1 - jitter + 2 * jitter * chance)
  const dueAt = at + Math.max(spreadMs, boundRetryAfter(failure.retryAfterMs))
  return { type: 'delay-delivery', ...failed, dueAt: epochMs(Math.round(dueAt)) }
}

/** How an endpoint stands after an attempt; `undefined` stands for one that it took. */
export const decideHealth = (
  { failures: before }: WebhookHealth,
  failure: Omit<DeliveryFailure, 'reason'> | undefined,
  at: EpochMs,
): WebhookHealth => {
  if (!failure) return healthy
  const failures = before + 1
  const pauseMs = Math.max(
    failure.isGone ? goneMs : 0,
    failures < failuresToPause
      ? 0
      : Math.min(firstPauseMs * 2 ** (failures - failuresToPause), longestPauseMs),
    boundRetryAfter(failure.retryAfterMs),
  )
  return { failures, pausedUntil: pauseMs > 0 ? epochMs(at + pauseMs) : undefined }
}

export const healthy: WebhookHealth = { failures: 0, pausedUntil: undefined }

/** It has failed so often that it is tried with one delivery at a time, and that all others would fail as well. */
export const isFailing = ({ failures }: WebhookHealth): boolean => failures >= failuresToPause

/**
 * How long what was given up can be replayed: a month is enough to notice and to mend a receiver, and events name
 * tokens of which some are erased meanwhile (PCI DSS 3.2.1: kept no longer than it is needed).
 */
export const deadDeliveryKeptMs = 30 * dayMs

const firstDelayMs = 5 * secondMs
const longestDelayMs = 6 * hourMs
const triedForMs = 3 * dayMs
/** A delay is longer or shorter by at most this share of itself. */
const jitter = 0.1

const failuresToPause = 5
const firstPauseMs = 30 * secondMs
const longestPauseMs = hourMs
/** Nobody comes back from 410 by waiting; a look a day finds one that said it by mistake. */
const goneMs = dayMs

/** An endpoint may ask for more patience than the schedule has, but cannot stop its deliveries for days. */
const longestRetryAfterMs = hourMs

const boundRetryAfter = (retryAfterMs: number | undefined): number =>
  Math.min(Math.max(retryAfterMs ?? 0, 0), longestRetryAfterMs)

/** The delay before the next attempt where so many had failed before this one; `undefined` where it was the last. */
const delayAfter = (attempts: number): number | undefined => delays[attempts]

const makeDelays = (): readonly number[] => {
  const made: number[] = []
  let left = triedForMs
  for (let delay = firstDelayMs; left > 0; delay = Math.min(delay * 3, longestDelayMs, left)) {
    made.push(delay)
    left -= delay
  }
  return made
}

const delays = makeDelays()
