import { statSync } from 'node:fs'
import { join } from 'node:path'
import { testCards } from '@cardkeep/testing/canary/cards'
import { type Provider, startProvider } from '@cardkeep/testing/provider/provider'
import { expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { isOnSqlite } from './support/backends.ts'
import { expectClean, inParallel } from './support/clean-disk.ts'
import { cleanUp } from './support/clean-up.ts'
import { sendRaw } from './support/raw-http.ts'
import { allowProvider, type Scenario, startScenario } from './support/scenario.ts'
import { chargeBody, chargesOf, type Shop, testTokenBody, tokenizeBody } from './support/shop.ts'

vi.setConfig({ testTimeout: 90_000 })

/*
 * One code five hundred times, and card numbers wherever a caller can put them. Nothing of it may be found in the
 * database, its write-ahead log, the vault's log, the audit export, or in what was replied.
 */

const held = 500
const code = '7391'
const number = testCards.amex
const spaced = '3782 822463 10005'

const numbers = [number, spaced, testCards.amex2, '3714-496353-98431'] as const

test('after a stop no code and no card number is on the disk', async () => {
  const scenario = await startScenario()
  await abuse(scenario.demo, scenario.vault.url, await provide(scenario))
  expect(await scenario.vault.stop()).toBe(0)
  await exportAudit(scenario)
  expectClean(scenario, code)
})

test('after a crash, with its write-ahead log still there, neither', async () => {
  const scenario = await startScenario({ CARDKEEP_LOG: 'debug', CARDKEEP_TRUSTED_PROXIES: '127.0.0.0/8' })
  const { demo, demoKeys, vault, folder } = scenario
  await abuse(demo, vault.url, await provide(scenario))
  // From a trusted proxy anything may come as an address.
  const forwarded = { 'x-forwarded-for': number, 'x-api-key': `${demoKeys.api_key}x` }
  await demo.call('GET', '/api/applications/key', { headers: forwarded })
  await demo.call('POST', '/tokenize', {
    body: tokenizeBody({ number, code }),
    headers: { 'x-forwarded-for': `${number}, ${spaced}` },
  })
  await vault.kill()
  // The end of the run searches the folder of PostgreSQL, its write-ahead log included.
  if (isOnSqlite) expect(statSync(join(folder, 'data', 'cardkeep.db-wal')).size).toBeGreaterThan(held * 100)
  expectClean(scenario, code)
  await exportAudit(scenario)
  expectClean(scenario, code)
})

const provide = async (scenario: Scenario): Promise<Provider> => {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  await allowProvider(scenario, scenario.demo, provider)
  return provider
}

/** Everything that a caller might do with a card, well or badly. */
const abuse = async (shop: Shop, url: string, provider: Provider): Promise<void> => {
  const made = await inParallel(held, (at) => shop.tokenize({ number: numbers[at % 4] ?? number, code }))
  const tested = await inParallel(20, () => shop.testToken({ number, code }))
  const paths = [
    '/v1/charges',
    '/echo/body',
    '/echo/error',
    '/echo/header',
    '/echo/base64',
    '/reset/head',
    '/redirect',
  ]
  await inParallel(100, async (at) => {
    const charge = made[at] ?? { token: '', session: '' }
    await shop.charge({ ...charge, url: provider.origin + (paths[at % paths.length] ?? '') })
    // Once more, with a code that is gone.
    await shop.charge({ ...charge, url: chargesOf(provider) })
  })
  for (const { session } of tested) await shop.call('DELETE', `/proxy/delete-cvc-session/${session}`)
  await misplace(shop, url, made[held - 1]?.token ?? '', chargesOf(provider))
}

/** Card numbers and codes in every wrong place. */
const misplace = async (shop: Shop, url: string, token: string, target: string): Promise<void> => {
  const card = { number, code }
  const good = tokenizeBody(card)
  const charge = chargeBody({ token, url: target })
  for (const pan of numbers) {
    const bodies: readonly (readonly [string, unknown])[] = [
      ['/tokenize', { ...good, [pan]: code }],
      ['/tokenize', { ...good, type: pan }],
      ['/tokenize', { ...good, data: { ...(good['data'] as object), [pan]: code } }],
      ['/tokenize', { ...good, data: { ...(good['data'] as object), expirationMonth: pan } }],
      ['/tokenize', { ...good, data: { ...(good['data'] as object), cvv: pan } }],
      ['/tokenize', tokenizeBody({ ...card, year: '2020' })],
      ['/tokenize', tokenizeBody({ ...card, number: `${pan}1` })],
      ['/tokenize', { ...good, data: { ...(good['data'] as object), firstName: pan, lastName: code } }],
      ['/tokenize', `{"cardNumber": ${pan} "cvv": ${code}`],
      ['/test-tokens', { ...testTokenBody(card), [pan]: code }],
      ['/proxy/transaction', { ...charge, token: pan }],
      ['/proxy/transaction', { ...charge, cvc_session_id: pan, request_data: { code: '${cvv}' } }],
      ['/proxy/transaction', { ...charge, proxy_url: `https://${code}.invalid/${pan}?n=${pan}#${pan}` }],
      ['/proxy/transaction', { ...charge, proxy_url: `${target}/${encodeURIComponent(pan)}?cvv=${code}` }],
      ['/proxy/transaction', { ...charge, request_data: { a: `\${${pan}}` } }],
      ['/proxy/transaction', { ...charge, request_data: { [`\${${pan}`]: code } }],
      ['/proxy/transaction', { ...charge, request_data: { [pan]: pan, cvv: code } }],
      ['/proxy/transaction', { ...charge, http_method: pan }],
      ['/proxy/transaction', { ...charge, http_headers: { [`x-${pan.replaceAll(' ', '')}`]: pan } }],
      ['/proxy/transaction', { ...charge, http_headers: { host: pan } }],
      ['/proxy/transaction', { ...charge, http_headers: { [pan]: { [pan]: pan } } }],
      [`/proxy/transaction?n=${encodeURIComponent(pan)}`, charge],
      [`/cards/${encodeURIComponent(pan)}`, good],
      [`/tokenize/%zz/${encodeURIComponent(pan)}`, good],
    ]
    for (const [path, body] of bodies) await shop.call('POST', path, { body })
    await shop.call('DELETE', `/proxy/delete-cvc-session/${encodeURIComponent(pan)}`)
    await shop.call('DELETE', `/proxy/delete-cvc-session?${encodeURIComponent(pan)}=1`)
    for (const name of [
      'x-api-key',
      'x-pub-key',
      'user-agent',
      'cookie',
      'referer',
      'content-type',
      'x-request-id',
    ])
      await shop.call('POST', '/tokenize', { body: good, headers: { [name]: pan } })
    await sendRaw(url, [`POST /tokenize/${pan} HTTP/1.1\r\n${pan}\r\n\r\n`])
  }
}
