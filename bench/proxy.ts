import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadCard } from '@cardkeep/testing/canary/cards'
import { Client } from 'undici'
import type { Measurement } from './report.ts'
import { startBenchServer, type VaultReady } from './servers.ts'
import { percentile } from './statistics.ts'

const blocks = 20
const callsPerBlock = 100
const code = '123'

/** One proxy call that spends a code, against the same request sent to the provider directly; one in flight. */
export const measureProxy = async (folder: string): Promise<readonly Measurement[]> => {
  const provider = await startBenchServer<{ origin: string; caPem: string }>('provider-server.ts', folder)
  writeFileSync(join(folder, 'provider-ca.pem'), provider.ready.caPem)
  const vault = await startBenchServer<VaultReady>('vault-server.ts', folder, {
    environment: { CARDKEEP_BENCH_PROVIDER: provider.ready.origin },
  })
  const direct = new Client(provider.ready.origin, { connect: { ca: provider.ready.caPem } })
  const through = new Client(vault.ready.url)
  try {
    const directMs: number[] = []
    const throughMs: number[] = []
    await block(direct, through, vault.ready, provider.ready.origin)
    const cpuBefore = await vault.cpuSeconds()
    for (let at = 0; at < blocks; at++) {
      const times = await block(direct, through, vault.ready, provider.ready.origin)
      directMs.push(...times.direct)
      throughMs.push(...times.through)
    }
    const cpu = (await vault.cpuSeconds()) - cpuBefore
    return [
      {
        name: 'one proxy call that spends a code, p50',
        value: percentile(throughMs, 0.5) - percentile(directMs, 0.5),
        unit: 'ms added',
        floor: 1.2,
        aim: 0.6,
        details: {
          'direct, p50 ms': percentile(directMs, 0.5),
          'through the vault, p50 ms': percentile(throughMs, 0.5),
          'direct, p99 ms': percentile(directMs, 0.99),
          'through the vault, p99 ms': percentile(throughMs, 0.99),
          'CPU-seconds per 1,000 (tokenise + proxy)': (cpu / throughMs.length) * 1000,
        },
      },
    ]
  } finally {
    await direct.close()
    await through.close()
    await vault.stop()
    await provider.stop()
  }
}

let nextCard = 50_000_000

/** Takes turns call by call, so that both see the same machine. Tokenising is not timed. */
const block = async (direct: Client, through: Client, vault: VaultReady, origin: string) => {
  const times = { direct: [] as number[], through: [] as number[] }
  const headers = {
    'x-api-key': vault.apiKey,
    'x-pub-key': vault.publicKey,
    'content-type': 'application/json',
  }
  for (let call = 0; call < callsPerBlock; call++) {
    const number = loadCard(nextCard++)
    const data = { cardNumber: number, expirationMonth: '12', expirationYear: '2030', cvv: code }
    const tokenized = await post(through, '/tokenize', headers, { type: 'card', data })
    const { token, cvc_session_id } = tokenized.body as { token: string; cvc_session_id: string }
    const charge = (card: object): object => ({ amount: 1999, currency: 'EUR', card })

    const own = await post(
      direct,
      '/v1/charges',
      { 'content-type': 'application/json' },
      charge({ number, exp_month: '12', exp_year: '2030', cvc: code }),
    )
    times.direct.push(own.ms)
    const proxied = await post(through, '/proxy/transaction', headers, {
      token,
      cvc_session_id,
      proxy_url: `${origin}/v1/charges`,
      request_data: charge({
        number: '${cardNumber}',
        exp_month: '${expirationMonth}',
        exp_year: '${expirationYear}',
        cvc: '${cvv}',
      }),
    })
    times.through.push(proxied.ms)
  }
  return times
}

const post = async (client: Client, path: string, headers: Record<string, string>, body: object) => {
  const text = JSON.stringify(body)
  const started = performance.now()
  const response = await client.request({ method: 'POST', path, headers, body: text })
  const answer: unknown = await response.body.json()
  const ms = performance.now() - started
  if (response.statusCode >= 300) throw new Error(`${path} answered ${response.statusCode}`)
  return { ms, body: answer }
}
