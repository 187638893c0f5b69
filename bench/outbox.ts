import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { loadCard } from '@cardkeep/testing/canary/cards'
import { Pool } from 'undici'
import { callAtRate } from './at-rate.ts'
import type { Measurement } from './report.ts'
import { startBenchServer, type VaultReady } from './servers.ts'
import { median, percentile } from './statistics.ts'

const rounds = 5
const secondsPerRound = 5
/** Moderate: callers do not wait for each other, and the vault is not at its limit. */
export const requestsPerSecond = 200

/** Tokenise at a fixed rate, by turns with and without 2,000 events a second on their way to a receiver over TLS. */
export const measureOutbox = async (folder: string): Promise<readonly Measurement[]> => {
  const receiver = await startBenchServer<{ origin: string; caPem: string }>('receiver-server.ts', folder)
  writeFileSync(join(folder, 'receiver-ca.pem'), receiver.ready.caPem)
  const vault = await startBenchServer<VaultReady>('vault-server.ts', folder, {
    environment: { CARDKEEP_BENCH_RECEIVER: receiver.ready.origin },
  })
  // Shorter than the vault keeps them: it must not close one that is just being used again.
  const callers = new Pool(vault.ready.url, {
    connections: 64,
    keepAliveTimeout: 1_000,
    keepAliveMaxTimeout: 1_000,
  })
  try {
    const quiet: Round[] = []
    const busy: Round[] = []
    await load(callers, vault.ready, 2)
    await drain()
    for (let round = 0; round < rounds; round++) {
      quiet.push(await load(callers, vault.ready, secondsPerRound))
      busy.push(await drain())
    }
    const added = busy.map(({ p99 }, round) => p99 - (quiet[round]?.p99 ?? Number.NaN))
    const of = (all: readonly Round[], figure: keyof Round): number =>
      median(all.map((round) => round[figure]))
    return [
      {
        name: `tokenise, ${requestsPerSecond} a second, while the outbox drains, p99`,
        value: median(added),
        unit: 'ms added',
        floor: 5,
        aim: 5,
        details: {
          'events drained a second, aim 2,000': of(busy, 'perSecond'),
          'quiet, p50 ms': of(quiet, 'p50'),
          'draining, p50 ms': of(busy, 'p50'),
          'quiet, p99 ms': of(quiet, 'p99'),
          'draining, p99 ms': of(busy, 'p99'),
          'quiet, CPU share of a core': of(quiet, 'cpu'),
          'draining, CPU share of a core': of(busy, 'cpu'),
          'events left behind at the end': of(busy, 'left'),
        },
      },
    ]
  } finally {
    await callers.close()
    await vault.stop()
    await receiver.stop()
  }

  async function drain(): Promise<Round> {
    const before = await receiver.ask<number>('received')
    await vault.ask('start events')
    const round = await load(callers, vault.ready, secondsPerRound)
    const perSecond = ((await receiver.ask<number>('received')) - before) / secondsPerRound
    await vault.ask('stop events')
    const left = await vault.ask<number>('events waiting')
    while ((await vault.ask<number>('events waiting')) > 0) await wait(50)
    return { ...round, perSecond, left }
  }

  async function load(pool: Pool, ready: VaultReady, seconds: number): Promise<Round> {
    const cpuBefore = await vault.cpuSeconds()
    const times = await callAtRate(requestsPerSecond, seconds, tokenizeOn(pool, ready))
    return {
      p50: percentile(times, 0.5),
      p99: percentile(times, 0.99),
      cpu: ((await vault.cpuSeconds()) - cpuBefore) / seconds,
      perSecond: 0,
      left: 0,
    }
  }
}

interface Round {
  readonly p50: number
  readonly p99: number
  readonly cpu: number
  readonly perSecond: number
  readonly left: number
}

let nextCard = 70_000_000

/** A call that tokenises, and answers how long it took from when it was due. */
export const tokenizeOn = (pool: Pool, ready: VaultReady): ((dueAt: number) => Promise<number>) => {
  const headers = {
    'x-api-key': ready.apiKey,
    'x-pub-key': ready.publicKey,
    'content-type': 'application/json',
  }
  return async (dueAt) => {
    const data = {
      cardNumber: loadCard(nextCard++),
      expirationMonth: '12',
      expirationYear: '2030',
      cvv: '123',
    }
    const body = JSON.stringify({ type: 'card', data })
    const answered = await pool.request({ method: 'POST', path: '/tokenize', headers, body })
    await answered.body.dump()
    if (answered.statusCode >= 300) throw new Error(`/tokenize answered ${answered.statusCode}`)
    return performance.now() - dueAt
  }
}
