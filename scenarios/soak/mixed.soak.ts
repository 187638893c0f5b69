import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { sharedPostgres, sharedRedis } from '@cardkeep/testing/servers/shared'
import { expect, test } from 'vitest'
import { percentile } from '../../bench/statistics.ts'
import { isOnMemory, isOnSqlite } from '../support/backends.ts'
import { startCluster } from '../support/cluster.ts'
import type { MixedCluster } from '../support/mixed-callers.ts'
import { expectNothingLost, openMixedGround, startMixedLoad } from '../support/mixed-load.ts'
import { startScenario } from '../support/scenario.ts'
import { drawChart, drawLine } from './chart.ts'
import { samplesAtLeast } from './flat.ts'
import { judgeRun, type Sample } from './judge-run.ts'
import { keepRun } from './keep-run.ts'
import { findProcess, type SampledProcess, sampleProcess } from './sample-process.ts'

/*
 * Minutes of a steady load of all dialects. `STORE=postgres CODES=redis` lets two vaults share both servers; without it there is
 * one with its file.
 */

const readNumber = (name: string, fallback: number): number => {
  const value = Number(process.env[name] || fallback)
  if (!(value > 0)) throw new Error(`${name} is a number above 0`)
  return value
}

const minutes = readNumber('CARDKEEP_SOAK_MINUTES', 20)
/** Far below what two cores can do: what grows is to be seen, not how a full machine queues. */
const perSecond = readNumber('CARDKEEP_SOAK_RATE', 40)
const callers = 8
/** As often as a chart has columns, twice. */
const sampleEveryMs = Math.max(1_000, (minutes * 60_000) / 120)

const startVaults = async (): Promise<{
  readonly cluster: MixedCluster
  readonly processes: readonly SampledProcess[]
}> => {
  const settings = { CARDKEEP_METRICS_PORT: '0' }
  if (isOnSqlite && isOnMemory) {
    const scenario = await startScenario(settings)
    const { vault, folder } = scenario
    return { cluster: { ...scenario, nodes: [vault] }, processes: [await findProcess(vault.pid, folder)] }
  }
  const [postgres, redis] = [sharedPostgres(), sharedRedis()]
  if (isOnSqlite || isOnMemory || !postgres || !redis)
    throw new Error('a soak runs on its own file, or with STORE=postgres CODES=redis on both servers')
  const cluster = await startCluster({ postgres, redis, nodes: 2, settings })
  const processes = cluster.nodes.map(({ pid }, at) =>
    findProcess(pid, join(cluster.folder, `node-${at + 1}`)),
  )
  return { cluster, processes: await Promise.all(processes) }
}

test(`under ${minutes} min of a mixed load memory, handles and latency stay flat, and nothing is lost`, async () => {
  const { cluster, processes } = await startVaults()
  const ground = await openMixedGround(cluster)
  let turn = 0
  const { nodes } = cluster
  const choose = (): { readonly url: string } => nodes[turn++ % nodes.length] as { readonly url: string }
  const load = startMixedLoad(ground, { callers, choose, perSecond })

  const samples: Sample[] = []
  const begunAt = performance.now()
  const count = Math.max(samplesAtLeast, Math.floor((minutes * 60_000) / sampleEveryMs))
  while (samples.length < count) {
    await wait(Math.max(0, begunAt + (samples.length + 1) * sampleEveryMs - performance.now()))
    load.total()
    const latencies = load.drainLatencies()
    samples.push({
      processes: await Promise.all(processes.map(sampleProcess)),
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      load: loadavg()[0] ?? 0,
    })
  }
  await load.end()
  const seconds = (performance.now() - begunAt) / 1_000

  const charts = judgeRun(samples)
  const perSecondDone = (load.total() / seconds).toFixed(1)
  const loads = samples.map((sample) => sample.load)
  const lines = [
    ...charts.flatMap(({ title, rows }) => [title, drawChart(rows), '']),
    `machine\n  load  ${drawLine(loads)}  ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}\n`,
    `${load.total()} steps in ${Math.round(seconds)} s, ${perSecondDone} a second; the slowest took ${Math.round(load.slowestMs())} ms`,
  ]
  process.stdout.write(`\n${lines.join('\n')}\n`)
  if (process.env['CARDKEEP_SOAK_KEEP'])
    keepRun(
      {
        backends: isOnSqlite ? 'sqlite and memory' : 'postgres and redis',
        minutes,
        perSecond,
        seconds,
        done: load.done,
        slowestMs: load.slowestMs(),
      },
      charts,
    )

  expect(load.failures).toEqual({})
  await expectNothingLost(ground, load)
  const rows = charts.flatMap(({ title, rows }) => rows.map((row) => ({ title, ...row })))
  expect(rows.filter(({ verdict }) => !verdict.isFlat).map(({ title, name }) => `${title}: ${name}`)).toEqual(
    [],
  )
})
