import { describe, expect, test } from 'vitest'
import { drawChart, drawLine } from './chart.ts'
import { judgeFlat } from './flat.ts'

const range = (count: number) => Array.from({ length: count }, (_, at) => at)

describe('the line of a chart', () => {
  test('rises with what it shows, from nothing to the highest', () => {
    expect(drawLine([0, 1, 2, 3, 4, 5, 6, 7, 8])).toBe('▁▁▂▃▄▅▆▇█')
  })

  test('of what stays the same is a row of the same blocks', () => {
    expect(drawLine([97, 99, 100, 98])).toBe('████')
    expect(drawLine([0, 0, 0])).toBe('▁▁▁')
  })

  test('has as many columns as there is room for, each the median of its part', () => {
    expect(drawLine(range(600))).toHaveLength(60)
    expect(drawLine([8, 8, 900, 4, 4, 4], 2)).toBe('█▄')
  })

  test('has no more columns than there were samples', () => {
    expect(drawLine([1, 2, 3])).toHaveLength(3)
  })
})

test('a chart has one line for each that was measured, and says what is not flat', () => {
  const limit = { share: 0.1, amount: 0 }
  const flat = range(12).map(() => 50.26)
  const growing = range(12).map((at) => at * 10)
  const chart = drawChart([
    { name: 'memory', unit: 'MB', values: flat, verdict: judgeFlat(flat, limit) },
    { name: 'open files', unit: '', values: growing, verdict: judgeFlat(growing, limit) },
  ])
  expect(chart.split('\n')).toEqual([
    '  memory, MB  ████████████  50.3 → 50.3 → 50.3 (at most 55.3)  flat',
    '  open files  ▁▁▂▃▃▄▅▆▆▇██  40 → 70 → 100 (at most 44)  NOT FLAT',
  ])
})
