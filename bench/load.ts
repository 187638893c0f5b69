import { loadCard } from '@cardkeep/testing/canary/cards'
import autocannon from 'autocannon'
import type { BenchServer } from './servers.ts'

export interface Round {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly cpuPerThousand: number
}

export interface Load {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly seconds: number
  /** Requests in flight. */
  readonly connections: number
}

/** Tokenises with a code as fast as it is answered. Throws where anything is refused. */
export const loadTokenize = async (
  server: BenchServer<unknown>,
  { url, headers, seconds, connections }: Load,
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

let nextCard = 0

/** Every request brings another card, as in life; the same card again and again would be kinder to the database. */
const nextBody = (): string =>
  JSON.stringify({
    type: 'card',
    data: { cardNumber: loadCard(nextCard++), expirationMonth: '12', expirationYear: '2030', cvv: '123' },
  })
