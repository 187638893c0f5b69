import { loadCard } from '@cardkeep/testing/canary/cards'
import autocannon from 'autocannon'
import type { Measurement } from './report.ts'
import { type BenchServer, startBenchServer } from './servers.ts'
import { median } from './statistics.ts'

const connections = 64
const rounds = 5
const secondsPerRound = 6

interface Round {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly cpuPerThousand: number
}

/** Tokenise with a code, durable before the answer, against the same listener answering the same body with a constant. */
export const measureTokenize = async (folder: string): Promise<readonly Measurement[]> => {
  const vault = await startBenchServer<{ url: string; apiKey: string; publicKey: string }>(
    'vault-server.ts',
    folder,
  )
  const constant = await startBenchServer<{ url: string }>('constant-server.ts', folder)
  const headers = { 'x-api-key': vault.ready.apiKey, 'x-pub-key': vault.ready.publicKey }
  try {
    const limits: Round[] = []
    const vaults: Round[] = []
    // The first of each warms up; then they take turns, so that both see the same machine.
    await load(constant, constant.ready.url, headers, 3)
    await load(vault, vault.ready.url, headers, 3)
    for (let round = 0; round < rounds; round++) {
      limits.push(await load(constant, constant.ready.url, headers, secondsPerRound))
      vaults.push(await load(vault, vault.ready.url, headers, secondsPerRound))
    }
    const of = (all: readonly Round[], figure: keyof Round): number =>
      median(all.map((round) => round[figure]))
    return [
      {
        name: 'POST /tokenize with code, 64 connections',
        value: median(
          vaults.map(({ perSecond }, round) => perSecond / (limits[round]?.perSecond ?? Number.NaN)),
        ),
        unit: 'ratio',
        floor: 0.22,
        aim: 0.4,
        details: {
          'constant, requests/s': of(limits, 'perSecond'),
          'vault, requests/s': of(vaults, 'perSecond'),
          'constant, p50 ms': of(limits, 'p50'),
          'vault, p50 ms': of(vaults, 'p50'),
          'constant, p99 ms': of(limits, 'p99'),
          'vault, p99 ms': of(vaults, 'p99'),
          'constant, CPU-seconds per 1,000': of(limits, 'cpuPerThousand'),
          'vault, CPU-seconds per 1,000': of(vaults, 'cpuPerThousand'),
        },
      },
    ]
  } finally {
    await vault.stop()
    await constant.stop()
  }
}

let nextCard = 0

const load = async (
  server: BenchServer<unknown>,
  url: string,
  headers: Record<string, string>,
  seconds: number,
): Promise<Round> => {
  const before = await server.cpuSeconds()
  const result = await autocannon({
    url: `${url}/tokenize`,
    method: 'POST',
    connections,
    duration: seconds,
    headers: { ...headers, 'content-type': 'application/json' },
    requests: [{ setupRequest: (request) => ({ ...request, body: nextBody() }) }],
  })
  const cpu = (await server.cpuSeconds()) - before
  const answered = result['2xx']
  if (result.non2xx > 0 || result.errors > 0 || answered === 0)
    throw new Error('the load met refusals or errors')
  return {
    perSecond: answered / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    cpuPerThousand: (cpu / answered) * 1000,
  }
}

/** Every request brings another card, as in life; the same card again and again would be kinder to the database. */
const nextBody = (): string =>
  JSON.stringify({
    type: 'card',
    data: { cardNumber: loadCard(nextCard++), expirationMonth: '12', expirationYear: '2030', cvv: '123' },
  })
