import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { loadServer, tokenizing } from '../load.ts'
import type { Measurement } from '../report.ts'
import { type BenchServer, startBenchServer, type VaultReady } from '../servers.ts'
import { median } from '../statistics.ts'
import { type Backends, nodeOn } from './backends.ts'
import { headersOf } from './tokenize-on-postgres.ts'

const delayMs = 5
const inFlightPerNode = 32
const rounds = 5
const secondsPerRound = 6

/**
 * One node, and two on the same database, with so much added to every answer of it as another machine may cost: what the
 * nodes would wait for each other shows, because neither is short of a processor.
 */
export const measureTwoNodes = async (folder: string, backends: Backends): Promise<Measurement> => {
  const { postgres, redis } = backends
  const database = await postgres.createDatabase()
  const delayed = new URL(database)
  const delay = await startBenchServer<{ port: number }>('cluster/delay-server.ts', folder, {
    environment: { CARDKEEP_BENCH_PORT: delayed.port, CARDKEEP_BENCH_DELAY_MS: String(delayMs) },
  })
  delayed.port = String(delay.ready.port)
  const nodes: BenchServer<VaultReady>[] = []
  try {
    for (const name of ['first', 'second']) {
      const place = join(folder, name)
      mkdirSync(place)
      const environment = nodeOn(backends, folder, delayed.href, redis.url())
      nodes.push(await startBenchServer<VaultReady>('vault-server.ts', place, { environment }))
    }
    const load = async (node: BenchServer<VaultReady>, seconds: number): Promise<number> => {
      const { url } = node.ready
      const headers = headersOf(node.ready)
      return (await loadServer(node, tokenizing, { url, headers, seconds, connections: inFlightPerNode }))
        .perSecond
    }
    const [first] = nodes
    if (!first) throw new Error('a node is missing')
    const both = async (seconds: number): Promise<number> =>
      (await Promise.all(nodes.map((node) => load(node, seconds)))).reduce((sum, rate) => sum + rate, 0)
    await both(3)
    const ones: number[] = []
    const twos: number[] = []
    for (let round = 0; round < rounds; round++) {
      ones.push(await load(first, secondsPerRound))
      twos.push(await both(secondsPerRound))
    }
    return {
      name: 'two nodes against one, 5 ms added to every database answer, 32 in flight each',
      value: median(twos.map((two, round) => two / (ones[round] ?? Number.NaN))),
      unit: 'ratio',
      floor: 1.8,
      aim: 1.8,
      details: { 'one node, requests/s': median(ones), 'two nodes, requests/s': median(twos) },
    }
  } finally {
    for (const node of nodes) await node.stop()
    await delay.stop()
  }
}
