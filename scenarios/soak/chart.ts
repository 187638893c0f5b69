import { median } from '../../bench/statistics.ts'
import type { Verdict } from './flat.ts'

export interface ChartRow {
  readonly name: string
  readonly unit: string
  readonly values: readonly number[]
  readonly verdict: Verdict
}

const width = 60
const blocks = '▁▂▃▄▅▆▇█'

/**
 * One line for each that was measured, over the whole run from left to right. The height begins at 0, so that what is flat looks
 * flat; the medians of the thirds say what the eye does not see.
 */
export const drawChart = (rows: readonly ChartRow[]): string => {
  const names = rows.map(({ name, unit }) => (unit === '' ? name : `${name}, ${unit}`))
  const widest = Math.max(...names.map((name) => name.length))
  return rows
    .map(({ values, verdict }, at) => {
      const { thirds, atMost, isFlat } = verdict
      const judged = `${thirds.map(spell).join(' → ')} (at most ${spell(atMost)})  ${isFlat ? 'flat' : 'NOT FLAT'}`
      return `  ${(names[at] ?? '').padEnd(widest)}  ${drawLine(values)}  ${judged}`
    })
    .join('\n')
}

/** The median of each of so many parts, as a row of blocks of which the highest is full. */
export const drawLine = (values: readonly number[], columns = width): string => {
  const count = Math.min(columns, values.length)
  const parts = Array.from({ length: count }, (_, at) =>
    median(
      values.slice(Math.floor((at * values.length) / count), Math.floor(((at + 1) * values.length) / count)),
    ),
  )
  const highest = Math.max(...parts)
  return parts.map((value) => blocks[levelOf(value, highest)]).join('')
}

const levelOf = (value: number, highest: number): number =>
  highest <= 0
    ? 0
    : Math.min(blocks.length - 1, Math.max(0, Math.ceil((value / highest) * blocks.length) - 1))

const spell = (value: number): string =>
  String(value >= 100 ? Math.round(value) : Math.round(value * 10) / 10)
