import { parseDay, spellDay } from '@cardkeep/core/kernel/days'
import { dayMs, type EpochMs, epochMs } from '@cardkeep/core/kernel/time'

/** The first moment after a day, in UTC; `undefined` for none and for one that no calendar has. */
export const endOfDay = (text = ''): EpochMs | undefined => {
  const first = parseDay(text)
  return first === undefined ? undefined : epochMs(first + dayMs)
}

/** The last day before a moment: on which what ends with it is still there. */
export const spellLastDay = (end: EpochMs): string => spellDay(epochMs(end - 1))

/** For what never ends. */
export const noLastDay = '9999-12-31'
