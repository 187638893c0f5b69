import { epochMs, hourMs } from '@cardkeep/core/kernel/time'
import { expect, test } from 'vitest'
import { drawCalendar } from './draw-calendar.ts'

const draw = (...counts: readonly number[]): readonly string[] =>
  drawCalendar(
    counts.map((cards, hour) => ({ at: epochMs(Date.UTC(2026, 0, 1, 22) + hour * hourMs), cards })),
  )

test('each hour has a line, the fullest the longest bar, and one with any card has some of it', () => {
  expect(draw(1_000, 500, 0, 1)).toEqual([
    `2026-01-01 22:00Z  1000  ${'█'.repeat(40)}`,
    `2026-01-01 23:00Z   500  ${'█'.repeat(20)}`,
    '2026-01-02 00:00Z     0',
    '2026-01-02 01:00Z     1  █',
  ])
})

test('where nothing rotates no hour has a bar', () => {
  expect(draw(0, 0)).toEqual(['2026-01-01 22:00Z  0', '2026-01-01 23:00Z  0'])
})
