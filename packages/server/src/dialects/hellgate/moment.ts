import { parseDay } from '@cardkeep/core/kernel/days'
import { dayMs, type EpochMs, epochMs } from '@cardkeep/core/kernel/time'

/** A day, or one millisecond of it. */
export interface Moment {
  readonly first: EpochMs
  /** The first time that is past it. */
  readonly after: EpochMs
}

/** A date or a date-time, as callers write them. A day lasts from midnight to midnight in UTC. wire: hellgate §list, inferred */
export const readMoment = (text: string): Moment | undefined => {
  const midnight = parseDay(text)
  if (midnight !== undefined) return momentAt(midnight, dayMs)
  const [whole, day = ''] = dateTime.exec(text) ?? []
  if (whole === undefined || parseDay(day) === undefined) return undefined
  return momentAt(Date.parse(whole.toUpperCase().replace(' ', '+')), 1)
}

/** RFC 3339; a plus sign that was not escaped in the query has become a space. */
const dateTime = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)(?:[Zz]|[+ -]\d{2}:\d{2})$/

const momentAt = (first: number, lengthMs: number): Moment | undefined =>
  Number.isNaN(first) ? undefined : { first: epochMs(first), after: epochMs(first + lengthMs) }
