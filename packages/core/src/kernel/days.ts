import { type EpochMs, epochMs } from './time.ts'

/** The first moment in UTC of a day as ISO 8601 spells it, `2030-12-31`; `undefined` for one that no calendar has, such as 30 February. */
export const parseDay = (text: string): EpochMs | undefined => {
  const at = form.test(text) ? Date.parse(text) : Number.NaN
  // The engine reads 30 February as 2 March.
  return !Number.isNaN(at) && spellDay(epochMs(at)) === text ? epochMs(at) : undefined
}

const form = /^\d{4}-\d{2}-\d{2}$/

/** The day of a moment, in UTC. */
export const spellDay = (at: EpochMs): string => new Date(at).toISOString().slice(0, 10)
