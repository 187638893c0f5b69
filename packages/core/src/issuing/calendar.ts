import { type EpochMs, epochMs, hourMs } from '../kernel/time.ts'
import type { RotationsAhead } from '../ports.ts'

/** How many cards rotate in an hour that begins then. */
export interface CalendarHour {
  readonly at: EpochMs
  readonly cards: number
}

/** The start of the hour that a time is in. Hours count from 1970, so in zones of half hours they begin at the half. */
export const hourOf = (at: EpochMs): EpochMs => epochMs(Math.floor(at / hourMs) * hourMs)

/**
 * The hours from the one that `at` is in, with what is next due in them and what then comes again, as far as nobody forces
 * or changes anything. What is overdue rotates now, once, and goes on in step, which may be within
 * this hour.
 */
export const planCalendar = (
  ahead: readonly RotationsAhead[],
  { at, hours }: { readonly at: EpochMs; readonly hours: number },
): readonly CalendarHour[] => {
  const start = hourOf(at)
  const counts = Array.from({ length: hours }, () => 0)
  for (const due of ahead)
    for (const place of placesOf(due, start, hours)) counts[place] = (counts[place] ?? 0) + due.cards
  return counts.map((cards, place) => ({ at: epochMs(start + place * hourMs), cards }))
}

/** Which of the hours they rotate in. Intervals are whole hours. */
const placesOf = (
  { at, intervalMs, isOverdue }: RotationsAhead,
  start: EpochMs,
  hours: number,
): readonly number[] => {
  const places = isOverdue ? [0] : []
  const step = Math.max(1, Math.round(intervalMs / hourMs))
  for (let place = Math.floor((at - start) / hourMs); place < hours; place += step) places.push(place)
  return places
}
