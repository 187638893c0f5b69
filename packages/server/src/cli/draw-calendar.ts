import type { CalendarHour } from '@cardkeep/core/issuing/calendar'

const barLength = 40

/** A line for each hour, with a bar as long as its share of the fullest; whoever has any has some of it. */
export const drawCalendar = (calendar: readonly CalendarHour[]): readonly string[] => {
  const most = Math.max(1, ...calendar.map(({ cards }) => cards))
  const width = String(most).length
  return calendar.map(({ at, cards }) => {
    const bar = '█'.repeat(Math.ceil((cards / most) * barLength))
    return `${spellHour(at)}  ${String(cards).padStart(width)}  ${bar}`.trimEnd()
  })
}

/** `2026-01-01 15:00Z` */
const spellHour = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}Z`
