import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Measurement } from '../report.ts'
import { type Backends, startBackends } from './backends.ts'
import { measureHoldAndTake } from './hold-and-take.ts'
import { measureTokenizeOnPostgres } from './tokenize-on-postgres.ts'
import { measureTwoMillion } from './two-million.ts'
import { measureTwoNodes } from './two-nodes.ts'

const parts: Readonly<Record<string, (folder: string, backends: Backends) => Promise<Measurement>>> = {
  tokenize: measureTokenizeOnPostgres,
  codes: measureHoldAndTake,
  nodes: measureTwoNodes,
  // Last, because it leaves two million rows behind for the others to be checkpointed with.
  rows: measureTwoMillion,
}

/** PostgreSQL and Redis as they are on this machine, started for this alone. */
export const measureCluster = async (folder: string): Promise<readonly Measurement[]> => {
  const backends = await startBackends(folder)
  try {
    const measurements: Measurement[] = []
    for (const [name, measure] of Object.entries(parts)) {
      const place = join(folder, name)
      mkdirSync(place)
      measurements.push(await measure(place, backends))
    }
    return measurements
  } finally {
    await backends.stop()
  }
}
