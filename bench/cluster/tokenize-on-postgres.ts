import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { loadServer, type Round, tokenizing } from '../load.ts'
import type { Measurement } from '../report.ts'
import { type BenchServer, startBenchServer, type VaultReady } from '../servers.ts'
import { median } from '../statistics.ts'
import { type Backends, nodeOn } from './backends.ts'

const connections = 64
const rounds = 5
const secondsPerRound = 6

/**
 * The same request on three vaults in turns: embedded; on PostgreSQL with codes in memory as the embedded one has them,
 * which is the comparison that counts; and on PostgreSQL with codes on Redis, as a cluster runs.
 */
export const measureTokenizeOnPostgres = async (folder: string, backends: Backends): Promise<Measurement> => {
  const { postgres, redis } = backends
  const start = (name: string, environment: Readonly<Record<string, string>>) => {
    const place = join(folder, name)
    mkdirSync(place)
    return startBenchServer<VaultReady>('vault-server.ts', place, { environment })
  }
  const vaults: BenchServer<VaultReady>[] = []
  try {
    vaults.push(await start('embedded', {}))
    vaults.push(
      await start('postgres', nodeOn(backends, join(folder, 'postgres'), await postgres.createDatabase())),
    )
    const cluster = nodeOn(backends, join(folder, 'cluster'), await postgres.createDatabase(), redis.url())
    vaults.push(await start('cluster', cluster))

    const results: Round[][] = vaults.map(() => [])
    for (const vault of vaults) await load(vault, 3)
    for (let round = 0; round < rounds; round++)
      for (const [at, vault] of vaults.entries()) results[at]?.push(await load(vault, secondsPerRound))
    const [embedded = [], onPostgres = [], onBoth = []] = results
    const of = (all: readonly Round[], figure: keyof Round): number =>
      median(all.map((round) => round[figure]))
    const against = (all: readonly Round[]): number =>
      median(all.map(({ perSecond }, round) => perSecond / (embedded[round]?.perSecond ?? Number.NaN)))
    return {
      name: 'tokenise on PostgreSQL, 64 connections, against embedded',
      value: against(onPostgres),
      unit: 'ratio',
      floor: 0.5,
      aim: 0.8,
      details: {
        'with codes on Redis too, against embedded': against(onBoth),
        'embedded, requests/s': of(embedded, 'perSecond'),
        'PostgreSQL, requests/s': of(onPostgres, 'perSecond'),
        'PostgreSQL and Redis, requests/s': of(onBoth, 'perSecond'),
        'embedded, p99 ms': of(embedded, 'p99'),
        'PostgreSQL, p99 ms': of(onPostgres, 'p99'),
        'embedded, CPU-seconds per 1,000': of(embedded, 'cpuPerThousand'),
        'PostgreSQL, the node’s CPU-seconds per 1,000': of(onPostgres, 'cpuPerThousand'),
      },
    }
  } finally {
    for (const vault of vaults) await vault.stop()
  }
}

const load = (vault: BenchServer<VaultReady>, seconds: number): Promise<Round> =>
  loadServer(vault, tokenizing, {
    url: vault.ready.url,
    headers: headersOf(vault.ready),
    seconds,
    connections,
  })

export const headersOf = ({ apiKey, publicKey }: VaultReady): Readonly<Record<string, string>> => ({
  'x-api-key': apiKey,
  'x-pub-key': publicKey,
})
