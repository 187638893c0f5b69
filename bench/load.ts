import { loadCard } from '@cardkeep/testing/canary/cards'
import autocannon from 'autocannon'
import type { BenchServer } from './servers.ts'

export interface Round {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly cpuPerThousand: number
}

/** What a load asks for, again and again. */
export type Work =
  | { readonly path: string; readonly nextBody: () => string }
  | { readonly method: 'POST'; readonly nextPath: () => string; readonly nextBody: () => string }
  | { readonly method: 'GET'; readonly nextPath: () => string }

export interface Load {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly seconds: number
  /** Requests in flight. */
  readonly connections: number
}

/** Asks as fast as it is answered. Throws where anything is refused. */
export const loadServer = async (
  server: BenchServer<unknown>,
  work: Work,
  { url, headers, seconds, connections }: Load,
): Promise<Round> => {
  const before = await server.cpuSeconds()
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    headers,
    requests: [requestOf(work)],
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

const requestOf = (work: Work): autocannon.Request => {
  if ('method' in work && work.method === 'GET')
    return { method: 'GET', setupRequest: (request) => ({ ...request, path: work.nextPath() }) }
  const nextPath = 'nextPath' in work ? work.nextPath : () => work.path
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    setupRequest: (request) => ({ ...request, path: nextPath(), body: work.nextBody() }),
  }
}

let nextCard = 0

/* Every request brings another card, as in life; the same card again and again would be kinder to the database. */

/** Ozura's dialect: a card with a code. */
export const tokenizing: Work = {
  path: '/tokenize',
  nextBody: () =>
    JSON.stringify({
      type: 'card',
      data: { cardNumber: loadCard(nextCard++), expirationMonth: '12', expirationYear: '2030', cvv: '123' },
    }),
}

/** Hellgate's dialect: a card with a code. */
export const importing: Work = {
  path: '/cde-import',
  nextBody: () =>
    JSON.stringify({
      account_number: loadCard(nextCard++),
      expiry_month: 12,
      expiry_year: 2030,
      security_code: '123',
    }),
}
