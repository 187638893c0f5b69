import { epochMs } from '@cardkeep/core/kernel/time'
import { expect, test } from 'vitest'
import { readRetryAfter } from './retry-after.ts'

const at = epochMs(Date.UTC(2026, 0, 1, 12))

test.each([
  ['seconds', '120', 120_000],
  ['no time at all', '0', 0],
  ['a date to come', 'Thu, 01 Jan 2026 12:02:00 GMT', 120_000],
  ['a date that is over', 'Thu, 01 Jan 2026 11:00:00 GMT', 0],
  ['nothing', undefined, undefined],
  ['several', ['1', '2'], undefined],
  ['a fraction', '1.5', undefined],
  ['less than nothing', '-5', undefined],
  ['more digits than a time has', '9999999999', undefined],
  ['a year', '2027-01-01', undefined],
  ['words', 'soon', undefined],
])('%s', (_, value, expected) => {
  expect(readRetryAfter(value, at)).toBe(expected)
})
