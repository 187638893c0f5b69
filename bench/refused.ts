import autocannon from 'autocannon'
import type { Measurement } from './report.ts'
import { type BenchServer, startBenchServer } from './servers.ts'
import { median } from './statistics.ts'

const connections = 64
const rounds = 5
const secondsPerRound = 5

/** Forwards of tokens that are suspended or past their time, against the same listener answering with a constant. */
export const measureRefused = async (folder: string): Promise<readonly Measurement[]> => {
  const vault = await startBenchServer<{ url: string; apiKey: string }>('vault-server.ts', folder)
  const constant = await startBenchServer<{ url: string }>('constant-server.ts', folder)
  try {
    const tokens = await vault.ask<readonly string[]>('refused tokens')
    const forwards = tokens.map((token) =>
      requestOf('/proxy/transaction', forwardOf(token), vault.ready.apiKey),
    )
    const constants = [requestOf('/tokenize', cardBody, vault.ready.apiKey)]
    const limits: Round[] = []
    const refusals: Round[] = []
    await load(constant, constant.ready.url, constants, 3)
    await load(vault, vault.ready.url, forwards, 3)
    for (let round = 0; round < rounds; round++) {
      limits.push(await load(constant, constant.ready.url, constants, secondsPerRound))
      refusals.push(await load(vault, vault.ready.url, forwards, secondsPerRound))
    }
    const of = (all: readonly Round[], figure: keyof Round): number =>
      median(all.map((round) => round[figure]))
    return [
      {
        name: 'a forward of a suspended or expired token is refused, 64 connections',
        value: median(
          refusals.map(({ perSecond }, round) => perSecond / (limits[round]?.perSecond ?? Number.NaN)),
        ),
        unit: 'ratio',
        floor: 0.6,
        aim: 0.6,
        details: {
          'constant, requests/s': of(limits, 'perSecond'),
          'refused, requests/s': of(refusals, 'perSecond'),
          'constant, CPU-seconds per 1,000': of(limits, 'cpuPerThousand'),
          'refused, CPU-seconds per 1,000': of(refusals, 'cpuPerThousand'),
        },
      },
    ]
  } finally {
    await vault.stop()
    await constant.stop()
  }
}

interface Round {
  readonly perSecond: number
  readonly cpuPerThousand: number
}

const cardBody = {
  type: 'card',
  data: { cardNumber: '4000000000000002', expirationMonth: '12', expirationYear: '2030', cvv: '123' },
}

const forwardOf = (token: string): object => ({
  token,
  proxy_url: 'https://psp.example/v1/charges',
  request_data: {
    amount: 1999,
    currency: 'EUR',
    card: { number: '${cardNumber}', exp: '${expirationYear}' },
  },
})

const requestOf = (path: string, body: object, apiKey: string): autocannon.Request => ({
  method: 'POST',
  path,
  headers: { 'content-type': 'application/json', 'x-api-key': apiKey },
  body: JSON.stringify(body),
})

const load = async (
  server: BenchServer<unknown>,
  url: string,
  requests: autocannon.Request[],
  seconds: number,
): Promise<Round> => {
  const before = await server.cpuSeconds()
  const result = await autocannon({ url, connections, duration: seconds, requests })
  const cpu = (await server.cpuSeconds()) - before
  const answered = result['2xx'] + result['4xx']
  if (result['5xx'] > 0 || result.errors > 0 || answered === 0) throw new Error('the load met errors')
  return { perSecond: answered / result.duration, cpuPerThousand: (cpu / answered) * 1000 }
}
