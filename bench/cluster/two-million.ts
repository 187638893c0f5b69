import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { loadCard } from '@cardkeep/testing/canary/cards'
import { Client } from 'undici'
import type { Measurement } from '../report.ts'
import { type BenchServer, startBenchServer, type VaultReady } from '../servers.ts'
import { percentile } from '../statistics.ts'
import { type Backends, nodeOn } from './backends.ts'
import { loadByCopy } from './load-by-copy.ts'
import { headersOf } from './tokenize-on-postgres.ts'

const small = 10_000
const large = 2_000_000
const blocks = 20
const callsPerBlock = 100

interface Side {
  readonly vault: BenchServer<VaultReady>
  readonly client: Client
  readonly ms: number[]
}

/** The same calls on a database of ten thousand tokens and on one of two million, in turns, one in flight. */
export const measureTwoMillion = async (folder: string, backends: Backends): Promise<Measurement> => {
  const sides: Side[] = []
  try {
    for (const count of [small, large]) {
      const place = join(folder, String(count))
      mkdirSync(place)
      const database = await backends.postgres.createDatabase()
      const environment = nodeOn(backends, place, database)
      const start = () => startBenchServer<VaultReady>('vault-server.ts', place, { environment })
      // Once for schema, keys and tenant, which the rows belong to.
      await (await start()).stop()
      await loadByCopy(backends.postgres, database, count)
      const vault = await start()
      sides.push({ vault, client: new Client(vault.ready.url), ms: [] })
    }
    for (const side of sides) await block(side)
    for (const side of sides) side.ms.length = 0
    for (let at = 0; at < blocks; at++) for (const side of sides) await block(side)
    const [few, many] = sides.map(({ ms }) => ms)
    if (!few || !many) throw new Error('a vault is missing')
    return {
      name: 'tokenise on PostgreSQL with two million tokens, p50 against ten thousand',
      value: percentile(many, 0.5) / percentile(few, 0.5),
      unit: 'times',
      floor: 1.5,
      aim: 1.2,
      details: {
        'ten thousand, p50 ms': percentile(few, 0.5),
        'two million, p50 ms': percentile(many, 0.5),
        'ten thousand, p99 ms': percentile(few, 0.99),
        'two million, p99 ms': percentile(many, 0.99),
      },
    }
  } finally {
    for (const { vault, client } of sides) {
      await client.close()
      await vault.stop()
    }
  }
}

let nextCard = 50_000_000

const block = async ({ vault, client, ms }: Side): Promise<void> => {
  const headers = { ...headersOf(vault.ready), 'content-type': 'application/json' }
  for (let call = 0; call < callsPerBlock; call++) {
    const data = {
      cardNumber: loadCard(nextCard++),
      expirationMonth: '12',
      expirationYear: '2030',
      cvv: '123',
    }
    const body = JSON.stringify({ type: 'card', data })
    const started = performance.now()
    const response = await client.request({ method: 'POST', path: '/tokenize', headers, body })
    await response.body.dump()
    ms.push(performance.now() - started)
    if (response.statusCode >= 300) throw new Error(`tokenise answered ${response.statusCode}`)
  }
}
