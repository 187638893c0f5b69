import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Measurement {
  readonly name: string
  /** The figure that counts, in `unit`. */
  readonly value: number
  readonly unit: 'ratio' | 'a second' | 'times' | 'ms' | 'ms added' | 'MB' | 'MB added'
  readonly floor: number
  readonly aim: number
  readonly details: Readonly<Record<string, number | string>>
}

/**
 * Prints the table, and keeps it with a description of the machine in bench/results: a run of everything by its day, one
 * of some benches by their names too.
 */
export const report = (measurements: readonly Measurement[], names: readonly string[]): void => {
  const rows = measurements.map((measurement) => ({
    measurement: measurement.name,
    value: `${round(measurement.value)} ${measurement.unit}`,
    floor: measurement.floor,
    aim: measurement.aim,
    verdict: judge(measurement),
  }))
  console.table(rows)
  for (const { name, details } of measurements) {
    console.log(`\n${name}`)
    for (const [detail, value] of Object.entries(details))
      console.log(`  ${detail.padEnd(38)} ${typeof value === 'number' ? round(value) : value}`)
  }
  const folder = fileURLToPath(new URL('results', import.meta.url))
  mkdirSync(folder, { recursive: true })
  const at = new Date().toISOString()
  const file = `${[at.slice(0, 10), ...names].join('-')}.json`
  writeFileSync(
    join(folder, file),
    `${JSON.stringify({ at, machine: describeMachine(), measurements }, null, 2)}\n`,
  )
  console.log(`\nkept in bench/results/${file}`)
}

const judge = ({ value, unit, floor, aim }: Measurement): string => {
  const isMoreBetter = unit === 'ratio' || unit === 'a second'
  const reaches = (target: number): boolean => (isMoreBetter ? value >= target : value <= target)
  return reaches(aim) ? 'aim' : reaches(floor) ? 'floor' : 'BELOW'
}

export const describeMachine = () => ({
  cores: cpus().length,
  processor: cpus()[0]?.model ?? 'unknown',
  memoryGiB: Math.round(totalmem() / 1024 ** 3),
  system: `${type()} ${release()}`,
  node: process.version,
})

const round = (value: number): number => Math.round(value * 1000) / 1000
