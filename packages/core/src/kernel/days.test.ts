import { expect, test } from 'vitest'
import { parseDay, spellDay } from './days.ts'
import { epochMs } from './time.ts'

test.each([
  ['1970-01-01', 0],
  ['1969-12-31', -86_400_000],
  ['2028-02-29', Date.UTC(2028, 1, 29)],
  ['9999-12-31', Date.UTC(9999, 11, 31)],
])('the day %s begins at its midnight in UTC, and is spelled so until the next', (text, first) => {
  expect(parseDay(text)).toBe(first)
  expect(spellDay(epochMs(first))).toBe(text)
  expect(spellDay(epochMs(first + 86_399_999))).toBe(text)
})

test.each([
  '2027-02-29',
  '2026-02-30',
  '2026-13-01',
  '2026-00-10',
  '2026-2-1',
  '26-02-01',
  '2026-02-01T00:00:00Z',
  ' 2026-02-01',
  '',
])('no calendar has the day "%s"', (text) => {
  expect(parseDay(text)).toBeUndefined()
})
