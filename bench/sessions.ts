import { loadCard } from '@cardkeep/testing/canary/cards'
import { CompactEncrypt, importJWK, type JWK } from 'jose'
import { Pool } from 'undici'
import { callAtRate } from './at-rate.ts'
import { requestsPerSecond, tokenizeOn } from './outbox.ts'
import type { Measurement } from './report.ts'
import { startBenchServer, type VaultReady } from './servers.ts'
import { median, percentile } from './statistics.ts'

const rounds = 5
const secondsPerRound = 5
const sessionsPerSecond = 50

/** Capture sessions are opened and answered at a fixed rate, by turns with and without them beside tokenising at its own. */
export const measureSessions = async (folder: string): Promise<readonly Measurement[]> => {
  const vault = await startBenchServer<VaultReady>('vault-server.ts', folder)
  // Shorter than the vault keeps them: it must not close one that is just being used again.
  const options = { connections: 64, keepAliveTimeout: 1_000, keepAliveMaxTimeout: 1_000 }
  const callers = new Pool(vault.ready.url, options)
  const browsers = new Pool(vault.ready.url, options)
  try {
    const tokenize = tokenizeOn(callers, vault.ready)
    const capture = captureOn(browsers, vault.ready)
    const quiet: number[] = []
    const busy: number[] = []
    const steps: Steps[] = []
    await callAtRate(sessionsPerSecond, 2, capture)
    await callAtRate(requestsPerSecond, 2, tokenize)
    for (let round = 0; round < rounds; round++) {
      quiet.push(percentile(await callAtRate(requestsPerSecond, secondsPerRound, tokenize), 0.99))
      const [times, captured] = await Promise.all([
        callAtRate(requestsPerSecond, secondsPerRound, tokenize),
        callAtRate(sessionsPerSecond, secondsPerRound, capture),
      ])
      busy.push(percentile(times, 0.99))
      steps.push({
        open: percentile(
          captured.map(({ open }) => open),
          0.99,
        ),
        complete: percentile(
          captured.map(({ complete }) => complete),
          0.99,
        ),
      })
    }
    const open = median(steps.map((step) => step.open))
    const complete = median(steps.map((step) => step.complete))
    const rates = `${sessionsPerSecond} sessions a second beside ${requestsPerSecond} cards`
    return [
      {
        name: `open and answer a capture session, ${rates}, p99 of the slower`,
        value: Math.max(open, complete),
        unit: 'ms',
        floor: 15,
        aim: 15,
        details: { 'open, p99 ms': open, 'answer, p99 ms': complete },
      },
      {
        name: `tokenise, ${rates}, p99`,
        value: median(busy.map((time, round) => time - (quiet[round] ?? Number.NaN))),
        unit: 'ms added',
        floor: 5,
        aim: 5,
        details: { 'without sessions, p99 ms': median(quiet), 'with sessions, p99 ms': median(busy) },
      },
    ]
  } finally {
    await callers.close()
    await browsers.close()
    await vault.stop()
  }
}

interface Steps {
  readonly open: number
  readonly complete: number
}

let nextCard = 80_000_000

/** A merchant opens a session, its customer's browser reads it, seals a card and sends it. The sealing is not counted. */
const captureOn =
  (pool: Pool, { hellgateKey }: VaultReady): (() => Promise<Steps>) =>
  async () => {
    const call = async (method: 'GET' | 'POST', path: string, body?: object) => {
      const begun = performance.now()
      const answered = await pool.request({
        method,
        path,
        headers: { 'x-api-key': hellgateKey, 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
      })
      const answer = (await answered.body.json()) as Record<string, unknown>
      if (answered.statusCode !== 200) throw new Error(`${path} answered ${answered.statusCode}`)
      return { answer, ms: performance.now() - begun }
    }
    const opened = await call('POST', '/tokens/session', {})
    const path = `/sessions/${String(opened.answer['session_id'])}`
    const { answer: state } = await call('GET', path)
    const payload = await seal((state['data'] as { readonly jwk: JWK }).jwk)
    const completed = await call('POST', `${path}/complete-action`, {
      action: 'tokenize_card',
      result: { enc_payload: payload },
    })
    if (completed.answer['status'] !== 'success') throw new Error('a session was not answered')
    return { open: opened.ms, complete: completed.ms }
  }

const seal = async (jwk: JWK): Promise<string> => {
  const header = { alg: 'RSA-OAEP-256', enc: 'A256GCM' }
  const card = {
    account_number: loadCard(nextCard++),
    expiry_month: 12,
    expiry_year: 2030,
    security_code: '123',
    additional_data: {},
  }
  return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(card)))
    .setProtectedHeader(header)
    .encrypt(await importJWK(jwk, header.alg))
}
