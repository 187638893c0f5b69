import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Measurement } from '../report.ts'
import { startBenchServer } from '../servers.ts'
import { median } from '../statistics.ts'
import { type Backends, nodeOn } from './backends.ts'

const inFlight = 64
const rounds = 5
const pairsPerRound = 60_000

/**
 * Held and taken as the vault does it, sealed and through its port, against the plainest pair of commands that a program
 * in C can send to the same server: a value with an expiry, read and deleted in one step.
 */
export const measureHoldAndTake = async (folder: string, backends: Backends): Promise<Measurement> => {
  const { postgres, redis } = backends
  const environment = nodeOn(backends, folder, await postgres.createDatabase(), redis.url())
  const holder = await startBenchServer<object>('cluster/hold-server.ts', folder, { environment })
  try {
    const ours: number[] = []
    const plain: number[] = []
    await holder.ask('pairs')
    for (let round = 0; round < rounds; round++) {
      plain.push(await plainPairs(redis.port))
      ours.push(await holder.ask<number>('pairs'))
    }
    return {
      name: 'hold and take on Redis, against SET and GETDEL of redis-benchmark',
      value: median(ours.map((rate, round) => rate / (plain[round] ?? Number.NaN))),
      unit: 'ratio',
      floor: 0.3,
      aim: 0.5,
      details: { 'hold and take, pairs/s': median(ours), 'SET and GETDEL, pairs/s': median(plain) },
    }
  } finally {
    await holder.stop()
  }
}

const run = promisify(execFile)

const plainPairs = async (port: number): Promise<number> => {
  const rate = async (...command: readonly string[]): Promise<number> => {
    const { stdout } = await run('redis-benchmark', [
      ...['-h', '127.0.0.1', '-p', String(port), '-c', String(inFlight), '-n', String(pairsPerRound)],
      ...['-r', '1000000', '--csv', ...command],
    ])
    const perSecond = Number(stdout.trim().split('\n').at(-1)?.split(',')[1]?.replaceAll('"', ''))
    if (!(perSecond > 0)) throw new Error('redis-benchmark did not say how fast it was')
    return perSecond
  }
  const set = await rate('SET', 'plain:__rand_int__', 'x'.repeat(48), 'PX', '90000')
  const getdel = await rate('GETDEL', 'plain:__rand_int__')
  return 1 / (1 / set + 1 / getdel)
}
