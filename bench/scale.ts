import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadCard } from '@cardkeep/testing/canary/cards'
import { Client } from 'undici'
import type { Measurement } from './report.ts'
import { type BenchServer, startBenchServer, type VaultReady } from './servers.ts'
import { percentile } from './statistics.ts'

const small = 1_000
const large = 1_000_000
const blocks = 20
const callsPerBlock = 50

/** The same calls on a vault of a thousand tokens and on one of a million, in turns, one in flight. */
export const measureScale = async (folder: string): Promise<readonly Measurement[]> => {
  const provider = await startBenchServer<{ origin: string; caPem: string }>('provider-server.ts', folder)
  const vaults: BenchServer<VaultReady>[] = []
  try {
    const sides: Side[] = []
    for (const count of [small, large]) {
      const place = join(folder, String(count))
      mkdirSync(place)
      writeFileSync(join(place, 'provider-ca.pem'), provider.ready.caPem)
      const tokens = await fill(place, count)
      const vault = await startBenchServer<VaultReady>('vault-server.ts', place, {
        environment: { CARDKEEP_BENCH_PROVIDER: provider.ready.origin },
      })
      vaults.push(vault)
      sides.push({ client: new Client(vault.ready.url), vault, tokens, tokenizeMs: [], proxyMs: [] })
    }
    for (const side of sides) await block(side, provider.ready.origin)
    for (const side of sides) {
      side.tokenizeMs.length = 0
      side.proxyMs.length = 0
    }
    for (let at = 0; at < blocks; at++) for (const side of sides) await block(side, provider.ready.origin)
    const [few, many] = sides
    if (!few || !many) throw new Error('a vault is missing')
    const memory = await many.vault.ask<number>('rss')
    for (const { client } of sides) await client.close()
    const compare = (name: string, of: (side: Side) => readonly number[]): Measurement => ({
      name: `${name} with a million tokens, p50 against a thousand`,
      value: percentile(of(many), 0.5) / percentile(of(few), 0.5),
      unit: 'times',
      floor: 1.6,
      aim: 1.3,
      details: {
        'a thousand, p50 ms': percentile(of(few), 0.5),
        'a million, p50 ms': percentile(of(many), 0.5),
        'a thousand, p99 ms': percentile(of(few), 0.99),
        'a million, p99 ms': percentile(of(many), 0.99),
      },
    })
    return [
      compare('tokenise', ({ tokenizeMs }) => tokenizeMs),
      compare('proxy', ({ proxyMs }) => proxyMs),
      {
        name: 'resident memory with a million tokens',
        value: memory / 1024 / 1024,
        unit: 'MB',
        floor: 250,
        aim: 250,
        details: {},
      },
    ]
  } finally {
    for (const vault of vaults) await vault.stop()
    await provider.stop()
  }
}

interface Side {
  readonly client: Client
  readonly vault: BenchServer<VaultReady>
  /** Some of those that were there before the vault began to serve. */
  readonly tokens: readonly string[]
  readonly tokenizeMs: number[]
  readonly proxyMs: number[]
}

/** In a process of its own, so that what filling leaves in memory is not the vault's. */
const fill = async (folder: string, count: number): Promise<readonly string[]> => {
  const filler = await startBenchServer<object>('fill-server.ts', folder)
  try {
    return await filler.ask<readonly string[]>(`fill ${count}`)
  } finally {
    await filler.stop()
  }
}

let nextCard = 90_000_000
let nextToken = 0

const block = async ({ client, vault, tokens, tokenizeMs, proxyMs }: Side, origin: string): Promise<void> => {
  const { apiKey, publicKey } = vault.ready
  const headers = { 'x-api-key': apiKey, 'x-pub-key': publicKey, 'content-type': 'application/json' }
  for (let call = 0; call < callsPerBlock; call++) {
    const data = {
      cardNumber: loadCard(nextCard++),
      expirationMonth: '12',
      expirationYear: '2030',
      cvv: '123',
    }
    tokenizeMs.push(await post(client, '/tokenize', headers, { type: 'card', data }))
    proxyMs.push(
      await post(client, '/proxy/transaction', headers, {
        token: tokens[nextToken++ % tokens.length],
        proxy_url: `${origin}/v1/charges`,
        request_data: { amount: 1999, card: { number: '${cardNumber}', exp_month: '${expirationMonth}' } },
      }),
    )
  }
}

const post = async (
  client: Client,
  path: string,
  headers: Record<string, string>,
  body: object,
): Promise<number> => {
  const started = performance.now()
  const response = await client.request({ method: 'POST', path, headers, body: JSON.stringify(body) })
  await response.body.dump()
  const ms = performance.now() - started
  if (response.statusCode >= 300) throw new Error(`${path} answered ${response.statusCode}`)
  return ms
}
