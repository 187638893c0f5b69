import type { ChartRow } from './chart.ts'
import { judgeFlat, type Limit } from './flat.ts'
import type { ProcessSample } from './sample-process.ts'

/** What all vaults took at one moment, and what callers waited for since the one before. */
export interface Sample {
  readonly processes: readonly ProcessSample[]
  readonly p50: number
  readonly p99: number
  /** How many processes of the machine wanted to run, over the last minute; not judged. */
  readonly load: number
}

export interface Chart {
  readonly title: string
  readonly rows: readonly ChartRow[]
}

/**
 * What a process takes. Its memory has a page cache of SQLite, 16 MB, which fills as the database grows, and what is held for
 * a quarter of an hour. A heap is collected when that pays, and so its size sways more than that of the whole.
 */
const processLimits: Readonly<Record<keyof ProcessSample, { name: string; unit: string; limit: Limit }>> = {
  memoryMb: { name: 'memory', unit: 'MB', limit: { share: 0.1, amount: 16 } },
  heapMb: { name: 'heap', unit: 'MB', limit: { share: 0.2, amount: 12 } },
  openFiles: { name: 'open files', unit: '', limit: { share: 0, amount: 4 } },
  timers: { name: 'timers', unit: '', limit: { share: 0.1, amount: 4 } },
  connections: { name: 'connections', unit: '', limit: { share: 0, amount: 4 } },
}

/**
 * What callers wait for. A machine has other things to do as well, which makes some moments slow; what grows in a vault makes
 * all of them slow, so the better ones are compared.
 */
const latencyLimits = {
  p50: { share: 0.3, amount: 3, quantile: 0.25 },
  p99: { share: 0.5, amount: 20, quantile: 0.25 },
} as const

/** A chart for each vault, and one for its callers. */
export const judgeRun = (samples: readonly Sample[]): readonly Chart[] => {
  const row = (name: string, unit: string, limit: Limit, values: readonly number[]): ChartRow => ({
    ...{ name, unit, values },
    verdict: judgeFlat(values, limit),
  })
  const ofProcess = (at: number): readonly ChartRow[] =>
    Object.entries(processLimits).map(([key, { name, unit, limit }]) =>
      row(
        name,
        unit,
        limit,
        samples.map(({ processes }) => processes[at]?.[key as keyof ProcessSample] ?? Number.NaN),
      ),
    )
  const vaults =
    samples[0]?.processes.map((_, at) => ({ title: `vault ${at + 1}`, rows: ofProcess(at) })) ?? []
  const latency = (['p50', 'p99'] as const).map((name) =>
    row(
      name,
      'ms',
      latencyLimits[name],
      samples.map((sample) => sample[name]),
    ),
  )
  return [...vaults, { title: 'callers', rows: latency }]
}
