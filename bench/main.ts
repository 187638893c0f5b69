import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measureCluster } from './cluster/cluster.ts'
import { measureElements } from './elements.ts'
import { measureImport } from './import.ts'
import { measureMemory } from './memory.ts'
import { measureOutbox } from './outbox.ts'
import { measureProxy } from './proxy.ts'
import { measureRefused } from './refused.ts'
import { type Measurement, report } from './report.ts'
import { measureRotations } from './rotations.ts'
import { measureScale } from './scale.ts'
import { measureSessions } from './sessions.ts'
import { measureTokenize } from './tokenize.ts'
import { measureVerifone } from './verifone.ts'
import { measureVerify } from './verify.ts'

/*
 * `npm run bench [-- name …]`: each figure is a ratio, or a difference, to its limit in the same run on the same
 * machine. Absolute times say more about the machine than about the vault.
 */

const benches: Readonly<Record<string, (folder: string) => Promise<readonly Measurement[]>>> = {
  tokenize: measureTokenize,
  import: measureImport,
  verifone: measureVerifone,
  rotations: measureRotations,
  verify: measureVerify,
  proxy: measureProxy,
  memory: measureMemory,
  refused: measureRefused,
  sessions: measureSessions,
  elements: measureElements,
  outbox: measureOutbox,
  scale: measureScale,
  cluster: measureCluster,
}

const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => !(name in benches))
if (unknown !== undefined) throw new Error(`${unknown} is not one of ${Object.keys(benches).join(', ')}`)

const measurements: Measurement[] = []
for (const [name, measure] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const folder = mkdtempSync(join(tmpdir(), 'cardkeep-bench-'))
  process.stdout.write(`${name} …\n`)
  try {
    measurements.push(...(await measure(folder)))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
report(measurements, wanted)
