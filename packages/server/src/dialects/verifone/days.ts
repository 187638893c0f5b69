import { dayMs, type EpochMs, epochMs } from '@cardkeep/core/kernel/time'

/** Whether a calendar has the day: 30 February would be read as 2 March. */
export const isDay = (text: string): boolean => {
  const at = Date.parse(text)
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(at) && spellDay(epochMs(at)) === text
}

/** The first moment after a day, in UTC. */
export const endOfDay = (text: string): EpochMs => epochMs(Date.parse(text) + dayMs)

/** The day of a moment, in UTC. */
export const spellDay = (at: EpochMs): string => new Date(at).toISOString().slice(0, 10)

/** The last day before a moment: on which what ends with it is still there. */
export const spellLastDay = (end: EpochMs): string => spellDay(epochMs(end - 1))

/** For what never ends. */
export const noLastDay = '9999-12-31'
