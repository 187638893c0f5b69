import { setTimeout as wait } from 'node:timers/promises'
import { Pool } from 'undici'
import { callAtRate } from './at-rate.ts'
import { dueCards } from './issuing.ts'
import { requestsPerSecond, tokenizeOn } from './outbox.ts'
import type { Measurement } from './report.ts'
import { type BenchServer, startBenchServer, type VaultReady } from './servers.ts'
import { median, percentile } from './statistics.ts'

const rounds = 3
const secondsPerRound = 5
const megabyte = 1024 * 1024

/**
 * All cards of a large issuer are due when its vault starts. They rotate by turns alone and beside tokenising at a moderate
 * rate, and the rest alone; what tokenising takes when nothing is due is measured at the end.
 */
export const measureRotations = async (folder: string): Promise<readonly Measurement[]> => {
  await fill(folder)
  const vault = await startBenchServer<VaultReady>('vault-server.ts', folder)
  // Shorter than the vault keeps them: it must not close one that is just being used again.
  const callers = new Pool(vault.ready.url, {
    connections: 64,
    keepAliveTimeout: 1_000,
    keepAliveMaxTimeout: 1_000,
  })
  const tokenize = tokenizeOn(callers, vault.ready)
  const readyAt = performance.now()
  try {
    await callAtRate(requestsPerSecond, 1, tokenize)
    const alone: Round[] = []
    const beside: Round[] = []
    for (let round = 0; round < rounds; round++) {
      alone.push(await watch(vault, () => wait(1000 * secondsPerRound, [])))
      beside.push(await watch(vault, () => callAtRate(requestsPerSecond, secondsPerRound, tokenize)))
      if ((await vault.ask<number>('rotations')) >= dueCards) throw new Error('there were too few cards')
    }
    while ((await vault.ask<number>('rotations')) < dueCards) await wait(100)
    const seconds = (performance.now() - readyAt) / 1000
    const memory = (await vault.ask<number>('largest rss')) / megabyte
    await wait(1000)
    const waiting = await vault.ask<number>('events waiting')
    if (waiting !== dueCards) throw new Error(`${waiting} events of ${dueCards} rotations`)
    const quiet: Round[] = []
    for (let round = 0; round < rounds; round++)
      quiet.push(await watch(vault, () => callAtRate(requestsPerSecond, secondsPerRound, tokenize)))

    const of = (all: readonly Round[], figure: keyof Round): number =>
      median(all.map((round) => round[figure]))
    return [
      {
        name: 'due CVVs rotated with their events written, one process, embedded',
        value: of(alone, 'perSecond'),
        unit: 'a second',
        floor: 4_000,
        aim: 10_000,
        details: {
          cards: dueCards,
          'seconds for all of them, with the rounds beside tokenising': seconds,
          [`beside ${requestsPerSecond} cards tokenised a second, a second`]: of(beside, 'perSecond'),
          'CPU share of a core': of(alone, 'cpu'),
          'CPU-seconds per 1,000': (of(alone, 'cpu') / of(alone, 'perSecond')) * 1000,
        },
      },
      {
        name: `tokenise, ${requestsPerSecond} a second, beside due rotations, p99`,
        value: of(beside, 'p99'),
        unit: 'ms',
        floor: 30,
        aim: 30,
        details: {
          'beside them, p50 ms': of(beside, 'p50'),
          'quiet, p50 ms': of(quiet, 'p50'),
          'quiet, p99 ms': of(quiet, 'p99'),
          'p99 ms of each round': beside.map(({ p99 }) => p99.toFixed(1)).join(', '),
        },
      },
      {
        name: 'largest resident memory while they rotate',
        value: memory,
        unit: 'MB',
        floor: 300,
        aim: 300,
        details: {},
      },
    ]
  } finally {
    await callers.close()
    await vault.stop()
  }
}

/** In a process of its own, so that what filling leaves in memory is not the vault's. */
const fill = async (folder: string): Promise<void> => {
  const filler = await startBenchServer<object>('fill-server.ts', folder)
  try {
    await filler.ask('fill due cards')
  } finally {
    await filler.stop()
  }
}

interface Round {
  readonly perSecond: number
  readonly cpu: number
  readonly p50: number
  readonly p99: number
}

/** What was rotated, and how long the calls took, while these were made. */
const watch = async (
  vault: BenchServer<VaultReady>,
  call: () => Promise<readonly number[]>,
): Promise<Round> => {
  const rotatedBefore = await vault.ask<number>('rotations')
  const cpuBefore = await vault.cpuSeconds()
  const begun = performance.now()
  const times = await call()
  const seconds = (performance.now() - begun) / 1000
  return {
    perSecond: ((await vault.ask<number>('rotations')) - rotatedBefore) / seconds,
    cpu: ((await vault.cpuSeconds()) - cpuBefore) / seconds,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
  }
}
