import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeMachine } from '../../bench/report.ts'
import type { Chart } from './judge-run.ts'

export interface RunFacts {
  readonly backends: 'sqlite and memory' | 'postgres and redis'
  readonly minutes: number
  readonly perSecond: number
  readonly seconds: number
  readonly slowestMs: number
  readonly done: Readonly<Record<string, number>>
}

/** Keeps what was measured beside the results of the benches. */
export const keepRun = (facts: RunFacts, charts: readonly Chart[]): void => {
  const folder = fileURLToPath(new URL('../../bench/results', import.meta.url))
  mkdirSync(folder, { recursive: true })
  const at = new Date().toISOString()
  const rounded = charts.map(({ title, rows }) => ({
    title,
    rows: rows.map((row) => ({ ...row, values: row.values.map((value) => Math.round(value * 10) / 10) })),
  }))
  const file = `${at.slice(0, 10)}-soak-${facts.backends.replaceAll(' ', '-')}.json`
  const result = { at, machine: describeMachine(), ...facts, charts: rounded }
  writeFileSync(join(folder, file), `${JSON.stringify(result, null, 2)}\n`)
}
