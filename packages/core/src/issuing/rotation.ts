import type { IssuedCardId, TenantId } from '../kernel/ids.ts'
import { type EpochMs, epochMs, hourMs, minuteMs } from '../kernel/time.ts'

/** What of a card changes with each rotation of its CVV: the service code, from which the CVV is derived, and when the next comes. */
export interface CvvRotation {
  readonly cardId: IssuedCardId
  readonly tenantId: TenantId
  /** The three digits that the CVV is derived from, sealed for this card. */
  readonly sealedServiceCode: Uint8Array
  /** How often the CVV became another: tells one of the card from the next. */
  readonly serial: number
  readonly schedule: RotationSchedule
  /** `schedule.nextAt`, delayed by the card's share of the issuer's jitter; by this it is found to be due. */
  readonly dueAt: EpochMs | undefined
  /** The one before, for as long as it is still taken; `undefined` unless the issuer opted in. */
  readonly previous: PreviousServiceCode | undefined
  /** Counts changes of this record from 1. */
  readonly version: number
}

export interface PreviousServiceCode {
  readonly sealedServiceCode: Uint8Array
  readonly until: EpochMs
}

export interface RotationSchedule {
  /** Whole hours; `undefined`: it rotates only when it is forced. */
  readonly intervalMs: number | undefined
  /** In the future of whoever set it; `undefined` exactly where there is no interval. */
  readonly nextAt: EpochMs | undefined
  /** When `nextAt` was last decided on, which is not when the CVV last rotated. */
  readonly lastScheduledAt: EpochMs | undefined
  readonly lastRotatedAt: EpochMs
}

export type RotationCause = 'forced' | 'automatic'

/** wire: pismo §change rotation: at least one hour, verified; at most a year, inferred. */
export const rotationHours = { least: 1, most: 8_760 }

/** wire: pismo §scheduling rules, from the description: between two schedulings of one card. Exactly so much schedules, inferred. */
export const schedulingWindowMs = 2 * minuteMs

/**
 * What becomes of the schedule when the CVV rotates, which it does whatever this answers. A forced rotation starts the
 * intervals anew from its own time; an automatic one goes on in step, past all that were missed, however many. Neither
 * schedules within two minutes of the last time that something did, measured on the vault's clock in whichever direction it
 * went: a clock that was set back further has made the last time meaningless.
 */
export const decideRotation = (
  schedule: RotationSchedule,
  cause: RotationCause,
  at: EpochMs,
): RotationSchedule => {
  const { intervalMs, nextAt, lastScheduledAt } = schedule
  const rotated = { ...schedule, lastRotatedAt: at }
  if (intervalMs === undefined || nextAt === undefined) return rotated
  const isSuppressed = lastScheduledAt !== undefined && Math.abs(at - lastScheduledAt) < schedulingWindowMs
  // An automatic one serves `nextAt`, also where the clock went back before it: it must not come to be due once more.
  const inStep = nextInStep(nextAt, intervalMs, cause === 'automatic' ? Math.max(at, nextAt) : at)
  if (isSuppressed) return { ...rotated, nextAt: inStep }
  return {
    ...rotated,
    nextAt: cause === 'forced' ? epochMs(at + intervalMs) : inStep,
    lastScheduledAt: at,
  }
}

/** The first of the times in step that is after `at`; `nextAt` itself where it is. */
const nextInStep = (nextAt: EpochMs, intervalMs: number, at: number): EpochMs =>
  nextAt > at ? nextAt : epochMs(nextAt + (Math.floor((at - nextAt) / intervalMs) + 1) * intervalMs)

/** A schedule that begins now. Always schedules. wire: pismo §change rotation, inferred */
export const startSchedule = (
  schedule: Pick<RotationSchedule, 'lastRotatedAt'>,
  hours: number,
  at: EpochMs,
): RotationSchedule => ({
  intervalMs: hours * hourMs,
  nextAt: epochMs(at + hours * hourMs),
  lastScheduledAt: at,
  lastRotatedAt: schedule.lastRotatedAt,
})

export const stopSchedule = (schedule: RotationSchedule): RotationSchedule => ({
  ...schedule,
  intervalMs: undefined,
  nextAt: undefined,
})

/**
 * How much further ahead than its interval a next time may be: the least interval. A clock that was set back by less makes
 * nobody serve a due time twice, and one that runs ahead on one of several nodes does no harm.
 */
export const aheadAtMostMs = rotationHours.least * hourMs

/**
 * A clock that ran far ahead for a moment may have put the next time years away. Brought back to within an interval, in
 * step; `undefined` where nothing is wrong with it.
 */
export const bringNear = (schedule: RotationSchedule, at: EpochMs): RotationSchedule | undefined => {
  const { intervalMs, nextAt } = schedule
  if (intervalMs === undefined || nextAt === undefined) return undefined
  const ahead = nextAt - at - intervalMs
  if (ahead <= aheadAtMostMs) return undefined
  const steps = Math.ceil(ahead / intervalMs)
  return { ...schedule, nextAt: epochMs(nextAt - steps * intervalMs) }
}

/** Spreads what is due at one time over the issuer's jitter: each card waits its own part of it, always the same. */
export const dueAtOf = (
  { nextAt }: Pick<RotationSchedule, 'nextAt'>,
  cardId: IssuedCardId,
  jitterMs: number,
): EpochMs | undefined =>
  nextAt === undefined ? undefined : epochMs(nextAt + Math.floor(scatter(cardId) * jitterMs))

/** From 0 to below 1, by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4): neighbours land far apart. */
const scatter = (cardId: number): number => (Math.imul(cardId % 2 ** 32, 0x9e3779b1) >>> 0) / 2 ** 32
