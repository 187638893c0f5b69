import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Pool } from 'undici'
import { measureAgainstConstant } from './against-constant.ts'
import { callAtRate } from './at-rate.ts'
import { closeClients, type Encryption, encryptCards, startClients } from './capture-clients.ts'
import { requestsPerSecond, tokenizeOn } from './outbox.ts'
import type { Measurement } from './report.ts'
import { type BenchServer, startBenchServer, type VaultReady } from './servers.ts'
import { median, percentile } from './statistics.ts'

const connections = 64
const rounds = 5
const cardsPerRound = 1_500
const besideSeconds = 4
/** What is asked of a PUT at least; a rate that leaves others alone is worth more than one that does not. */
const putsPerSecond = 300

export const measureVerifone = async (folder: string): Promise<readonly Measurement[]> => [
  ...(await measurePut(inside(folder, 'put'))),
  ...(await measureGet(inside(folder, 'get'))),
]

const inside = (folder: string, name: string): string => {
  const path = join(folder, name)
  mkdirSync(path)
  return path
}

const measureGet = (folder: string): Promise<readonly Measurement[]> =>
  measureAgainstConstant(folder, {
    name: 'GET /api/v2/card/{id}',
    work: async (vault) => {
      const tokens = await vault.ask<readonly string[]>('shown tokens')
      let next = 0
      return { method: 'GET', nextPath: () => `/api/v2/card/${tokens[next++ % tokens.length]}` }
    },
    headersOf: ({ verifoneBasic }) => ({ authorization: verifoneBasic }),
    floor: 0.45,
    aim: 0.7,
  })

/**
 * Cards that clients encrypt for a P-256 key are put, all new; then the same cards again, encrypted anew; and at a fixed
 * rate beside tokenising at its own. Every round its ciphertexts are made before its clock starts, because they are good
 * for a quarter of an hour.
 */
const measurePut = async (folder: string): Promise<readonly Measurement[]> => {
  const vault = await startBenchServer<VaultReady>('vault-server.ts', folder)
  // Shorter than the vault keeps them: it must not close one that is just being used again.
  const options = { connections, keepAliveTimeout: 1_000, keepAliveMaxTimeout: 1_000 }
  const shops = new Pool(vault.ready.url, options)
  const others = new Pool(vault.ready.url, options)
  const clients = startClients()
  try {
    const scope = await vault.ask<string>('new scope')
    const key = await makeKey(shops, vault.ready)
    const put = putOn(shops, vault.ready, scope, key)
    const tokenize = tokenizeOn(others, vault.ready)
    let nextCard = 0
    const encrypt = (first: number, count: number): Promise<readonly string[]> =>
      encryptCards(clients, { ...key, first, count })

    await putAll(vault, put, await encrypt(90_000_000, 500))
    const fresh: Round[] = []
    const known: Round[] = []
    for (let round = 0; round < rounds; round++) {
      const [first, again] = [await encrypt(nextCard, cardsPerRound), await encrypt(nextCard, cardsPerRound)]
      nextCard += cardsPerRound
      fresh.push(await putAll(vault, put, first))
      known.push(await putAll(vault, put, again))
    }

    await callAtRate(requestsPerSecond, 1, tokenize)
    const quiet: number[] = []
    const busy: number[] = []
    const puts: number[] = []
    for (let round = 0; round < rounds; round++) {
      const cards = await encrypt(nextCard, putsPerSecond * besideSeconds)
      nextCard += cards.length
      const left = cards.values()
      const putNext = async (dueAt: number): Promise<number> => {
        await put(left.next().value ?? '')
        return performance.now() - dueAt
      }
      quiet.push(percentile(await callAtRate(requestsPerSecond, besideSeconds, tokenize), 0.99))
      const [times, putTimes] = await Promise.all([
        callAtRate(requestsPerSecond, besideSeconds, tokenize),
        callAtRate(putsPerSecond, besideSeconds, putNext),
      ])
      busy.push(percentile(times, 0.99))
      puts.push(percentile(putTimes, 0.99))
    }

    const of = (all: readonly Round[], figure: keyof Round): number =>
      median(all.map((round) => round[figure]))
    return [
      {
        name: `PUT /api/v2/card, encrypted for a P-256 key, a new card each, ${connections} connections`,
        value: of(fresh, 'perSecond'),
        unit: 'a second',
        floor: 300,
        aim: 500,
        details: {
          'p50 ms': of(fresh, 'p50'),
          'p99 ms': of(fresh, 'p99'),
          'CPU-seconds per 1,000': of(fresh, 'cpuPerThousand'),
        },
      },
      {
        name: 'PUT of a known card against one of a new card, time for each',
        value: median(
          known.map(({ perSecond }, round) => (fresh[round]?.perSecond ?? Number.NaN) / perSecond),
        ),
        unit: 'times',
        floor: 1.2,
        aim: 1.2,
        details: {
          'known, a second': of(known, 'perSecond'),
          'known, p50 ms': of(known, 'p50'),
          'known, p99 ms': of(known, 'p99'),
          'known, CPU-seconds per 1,000': of(known, 'cpuPerThousand'),
        },
      },
      {
        name: `tokenise, ${requestsPerSecond} a second, beside ${putsPerSecond} encrypted cards, p99`,
        value: median(busy.map((time, round) => time - (quiet[round] ?? Number.NaN))),
        unit: 'ms added',
        floor: 5,
        aim: 5,
        details: {
          'without, p99 ms': median(quiet),
          'beside them, p99 ms': median(busy),
          'PUT meanwhile, p99 ms': median(puts),
        },
      },
    ]
  } finally {
    await closeClients(clients)
    await shops.close()
    await others.close()
    await vault.stop()
  }
}

type Key = Pick<Encryption, 'publicKey'> & { readonly alias: string }

const makeKey = async (pool: Pool, { verifoneBasic }: VaultReady): Promise<Key> => {
  const answered = await pool.request({
    method: 'POST',
    path: '/api/v2/capture-keys',
    headers: { authorization: verifoneBasic },
  })
  const made = (await answered.body.json()) as Readonly<Record<string, string>>
  const { public_key: publicKey, public_key_alias: alias } = made
  if (publicKey === undefined || alias === undefined) throw new Error('the vault made no capture key')
  return { publicKey, alias }
}

type Put = (ciphertext: string) => Promise<void>

const putOn = (pool: Pool, { verifoneBasic }: VaultReady, scope: string, { alias }: Key): Put => {
  const headers = { authorization: verifoneBasic, 'content-type': 'application/json' }
  return async (ciphertext) => {
    const body = JSON.stringify({
      token_scope: scope,
      encrypted_card: ciphertext,
      public_key_alias: alias,
    })
    const answered = await pool.request({ method: 'PUT', path: '/api/v2/card', headers, body })
    await answered.body.dump()
    if (answered.statusCode !== 200) throw new Error(`/api/v2/card answered ${answered.statusCode}`)
  }
}

interface Round {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly cpuPerThousand: number
}

/** Puts each once, so many at a time, as fast as they are answered. */
const putAll = async (
  vault: BenchServer<unknown>,
  put: Put,
  ciphertexts: readonly string[],
): Promise<Round> => {
  const left = ciphertexts.values()
  const times: number[] = []
  const putOneByOne = async (): Promise<void> => {
    for (const ciphertext of left) {
      const begun = performance.now()
      await put(ciphertext)
      times.push(performance.now() - begun)
    }
  }
  const before = await vault.cpuSeconds()
  const begun = performance.now()
  await Promise.all(Array.from({ length: connections }, putOneByOne))
  const seconds = (performance.now() - begun) / 1000
  const cpu = (await vault.cpuSeconds()) - before
  return {
    perSecond: times.length / seconds,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    cpuPerThousand: (cpu / times.length) * 1000,
  }
}
