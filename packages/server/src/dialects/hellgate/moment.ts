import { dayMs, type EpochMs, epochMs } from '@cardkeep/core/kernel/time'

/** A day, or one millisecond of it. */
export interface Moment {
  readonly first: EpochMs
  /** The first time that is past it. */
  readonly after: EpochMs
}

/** A date or a date-time, as callers write them. A day lasts from midnight to midnight in UTC. */
export const readMoment = (text: string): Moment | undefined => {
  if (date.test(text)) return momentAt(readDay(text), dayMs)
  const [whole, day = ''] = dateTime.exec(text) ?? []
  if (whole === undefined || Number.isNaN(readDay(day))) return undefined
  return momentAt(Date.parse(whole.toUpperCase().replace(' ', '+')), 1)
}

const date = /^\d{4}-\d{2}-\d{2}$/
/** RFC 3339; a plus sign that was not escaped in the query has become a space. */
const dateTime = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)(?:[Zz]|[+ -]\d{2}:\d{2})$/

const momentAt = (first: number, lengthMs: number): Moment | undefined =>
  Number.isNaN(first) ? undefined : { first: epochMs(first), after: epochMs(first + lengthMs) }

/** `NaN` for a day that no calendar has: 30 February would be read as 2 March. */
const readDay = (text: string): number => {
  const at = Date.parse(text)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text) ? at : Number.NaN
}
