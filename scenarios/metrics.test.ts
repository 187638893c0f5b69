import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { families } from '@cardkeep/server/metrics/families'
import { testCards } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { request } from 'undici'
import { expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import { makeCardsInThePast } from './support/pismo-past.ts'
import { openBank } from './support/pismo-scenario.ts'
import { changeRows } from './support/rows.ts'
import { parseSamples, type Samples } from './support/samples.ts'
import { allowProvider, type Scenario, startScenario } from './support/scenario.ts'
import { chargesOf } from './support/shop.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 60_000 })

const metricsUrl = (scenario: Scenario): Promise<string> =>
  until('the address of the metrics', () => /^ {2}metrics {3}(\S+)$/m.exec(readLogFile(scenario))?.[1])

const readLogFile = ({ folder }: Scenario): string => readFileSync(join(folder, 'vault.log'), 'utf8')

const scrape = async (url: string): Promise<{ readonly text: string; readonly samples: Samples }> => {
  const reply = await request(url)
  const text = await reply.body.text()
  expect([reply.statusCode, reply.headers['content-type']]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ])
  return { text, samples: parseSamples(text) }
}

test('a vault at work tells what it does, and of no card, token or code', async () => {
  const scenario = await startScenario({ CARDKEEP_METRICS_PORT: '0' })
  const { demo, demoKeys, folder, vault } = scenario
  const provider = await startProvider()
  cleanUp(() => provider.close())
  await allowProvider(scenario, demo, provider)
  const url = await metricsUrl(scenario)
  const before = (await scrape(url)).samples

  const { token, session } = await demo.tokenize({ number: testCards.visa, code: '974' })
  const kept = await demo.tokenize({ number: testCards.mastercard, code: '318' })
  expect(await demo.charge({ token, session, url: chargesOf(provider) })).toMatchObject({ status: 200 })
  expect(await demo.charge({ token, session, url: chargesOf(provider) })).toMatchObject({ status: 404 })
  await demo.call('GET', `/nothing/${testCards.visa}?pan=${testCards.visa}`)
  const strangers = { 'x-api-key': `key_test_${'a'.repeat(26)}_${'b'.repeat(52)}` }
  for (let attempt = 0; attempt < 10; attempt++)
    await demo.call('GET', '/api/applications/key', { headers: strangers })

  const { text, samples } = await scrape(url)
  /** How much a sample has grown. */
  const grown = (name: string, labels: Readonly<Record<string, string>> = {}): number =>
    samples.get(name, labels) - before.get(name, labels)
  const ozura = { dialect: 'ozura' }
  const requests = (route: string, method: string, status: string): number =>
    grown('cardkeep_request_seconds_count', { ...ozura, route, method, status })
  expect(requests('/tokenize', 'POST', '201')).toBe(2)
  expect(requests('/proxy/transaction', 'POST', '200')).toBe(1)
  expect(requests('/proxy/transaction', 'POST', '404')).toBe(1)
  expect(requests('/api/applications/key', 'GET', '401')).toBe(10)
  expect(grown('cardkeep_request_seconds_count', { route: 'none', status: '404' })).toBe(1)
  expect(grown('cardkeep_refusals_total', { ...ozura, type: 'CodeNotHeld' })).toBe(1)
  expect(grown('cardkeep_refusals_total', { ...ozura, type: 'NotAuthenticated' })).toBe(10)
  expect(grown('cardkeep_lockouts_total')).toBe(1)

  expect(grown('cardkeep_codes_held')).toBe(1)
  expect(samples.get('cardkeep_codes_past_their_time')).toBe(0)
  for (const [step, count] of Object.entries({ held: 2, taken: 1, missed: 1, dropped: 0 }))
    expect([step, grown('cardkeep_code_steps_total', { step })]).toEqual([step, count])

  const egress = { origin: provider.origin, outcome: '2xx' }
  expect(grown('cardkeep_egress_seconds_count', egress)).toBe(1)
  expect(grown('cardkeep_egress_seconds_sum', egress)).toBeLessThan(5)
  expect(grown('cardkeep_commit_seconds_count', { outcome: 'written' })).toBeGreaterThanOrEqual(3)
  expect(samples.get('cardkeep_outbox_waiting')).toBe(0)
  expect(samples.get('cardkeep_audit_unsigned_entries')).toBeGreaterThan(0)
  expect(samples.get('cardkeep_key_age_seconds', { purpose: 'card' })).toBeGreaterThan(0)
  expect(samples.get('cardkeep_key_due_seconds', { purpose: 'card' })).toBeGreaterThan(86_400)
  expect(samples.get('cardkeep_scrape_complete')).toBe(1)
  expect(samples.get('cardkeep_build_info')).toBe(1)
  expect(samples.get('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0)

  // What is shipped nowhere has no lag to tell of, and nobody issues cards here.
  const {
    cardkeep_audit_unshipped_entries: _nowhere,
    cardkeep_cvv_rotations_total: _nobody,
    ...always
  } = families
  expect(Object.keys(always).filter((name) => !samples.has(name))).toEqual([])

  const secrets = [testCards.visa, testCards.mastercard, token, session, kept.token, kept.session]
  const names = [
    demoKeys.api_key,
    demoKeys.pub_key ?? '',
    'a'.repeat(26),
    folder,
    process.execPath,
    'charges',
    'pan',
  ]
  for (const secret of [...secrets, ...names]) expect(text).not.toContain(secret)
  expect((await request(`${vault.url}/metrics`)).statusCode).toBe(404)
})

test('a vault that issues cards tells of its rotations, and of no CVV', async () => {
  const scenario = await startScenario({ CARDKEEP_METRICS_PORT: '0' })
  const bank = await openBank(scenario)
  const url = await metricsUrl(scenario)
  const before = (await scrape(url)).samples
  const account = await bank.account(1)
  const id = await account.create()
  await account.force(id)
  const due = await makeCardsInThePast(scenario, bank, { cards: 30, hoursAgo: 3, intervalHours: 1 })
  const grown = (samples: Samples, labels: Readonly<Record<string, string>>): number =>
    samples.get('cardkeep_cvv_rotations_total', labels) - before.get('cardkeep_cvv_rotations_total', labels)
  const automatic = { cause: 'automatic', outcome: 'rotated' }
  const { samples, text } = await until('the rotations', async () => {
    const page = await scrape(url)
    return grown(page.samples, automatic) === due.length && page
  })
  expect(grown(samples, { cause: 'forced', outcome: 'rotated' })).toBe(1)
  expect(samples.get('cardkeep_cvv_rotations_due')).toBe(0)
  expect(samples.get('cardkeep_cvv_rotation_lag_seconds')).toBe(0)
  expect(text.includes(String(id))).toBe(false)
  expect(text.includes((await account.info(id)).card_number)).toBe(false)

  // A sealed vault is late with those that are due, and by how much is told but for what somebody has claimed.
  await scenario.command('seal')
  await until('the seal', async () => (await scrape(url)).samples.get('cardkeep_sealed') === 1)
  const [first, second] = due
  const dueAt = (agoMs: number) =>
    `update cvv_rotations set next_at = ${Date.now() - agoMs}, due_at = ${Date.now() - agoMs}`
  await changeRows(scenario, `${dueAt(3_600_000)} where card_id = ${first}`)
  await changeRows(
    scenario,
    `${dueAt(7_200_000)}, claimed_until = ${Date.now() + 25_000} where card_id = ${second}`,
  )
  const late = (await scrape(url)).samples
  expect(late.get('cardkeep_cvv_rotations_due')).toBe(2)
  expect(Math.round(late.get('cardkeep_cvv_rotation_lag_seconds') / 60)).toBe(60)
})

test('a vault without a port for them serves no metrics', async () => {
  const scenario = await startScenario()
  const log = await until('the start in the log', () => {
    const text = readLogFile(scenario)
    return text.includes('vault.started') && text
  })
  expect(log).not.toContain('metrics')
  expect((await scenario.demo.call('GET', '/metrics')).status).toBe(404)
})

test('a port for the metrics that is taken stops the start in one line', async () => {
  const scenario = await startScenario({ CARDKEEP_METRICS_PORT: '0' })
  const { port } = new URL(await metricsUrl(scenario))
  await expect(startScenario({ CARDKEEP_METRICS_PORT: port })).rejects.toThrow('ended with 1')
})
