import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { testCards } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { expectClean, inParallel } from './support/clean-disk.ts'
import { cleanUp } from './support/clean-up.ts'
import { cardAnswer, importBody, type Merchant, sealFor } from './support/hellgate.ts'
import { openMerchant } from './support/hellgate-scenario.ts'
import { allowProvider, startScenario } from './support/scenario.ts'
import { chargesOf } from './support/shop.ts'

vi.setConfig({ testTimeout: 90_000 })

/*
 * As canaries.test.ts, with what merchants and browsers send by this API. The ids of sessions are looked for besides:
 * whoever has one may answer in the place of a customer.
 */

const held = 200
const code = '7391'
const number = testCards.amex
const refresh = 'refresh_security_code'

test('no code, no card number and no session is on the disk, in the log or in what is exported of it', async () => {
  const scenario = await startScenario({ CARDKEEP_LOG: 'debug', CARDKEEP_TRUSTED_PROXIES: '127.0.0.0/8' })
  const provider = await startProvider()
  cleanUp(() => provider.close())
  await allowProvider(scenario, scenario.demo, provider)
  const merchant = await openMerchant(scenario)

  const tokens = await inParallel(held, () => merchant.importCard({ number, code, name: 'Jane Holder' }))
  const sessions = await inParallel(held / 4, (at) => answerOne(merchant, tokens[at] ?? ''))
  const paths = ['/v1/charges', '/echo/body', '/echo/error', '/echo/header', '/echo/base64', '/reset/head']
  await inParallel(held / 4, (at) =>
    merchant.charge({ token: tokens[at] ?? '', url: provider.origin + (paths[at % paths.length] ?? '') }),
  )
  await misplace(merchant, tokens.at(-1) ?? '', chargesOf(provider))
  await scenario.vault.kill()

  expectClean(scenario, code)
  const { entries } = await exportAudit(scenario)
  expectClean(scenario, code)
  const log = readFileSync(join(scenario.folder, 'vault.log'), 'utf8')
  expect(log).toContain('"event":"request')
  const exported = JSON.stringify(entries)
  for (const id of sessions) expect([log.includes(id), exported.includes(id)]).toEqual([false, false])
})

let addresses = 0
/** Each comes from an address of its own, as far as tries are counted. */
const fromElsewhere = () => ({ headers: { 'x-forwarded-for': `198.51.100.${++addresses % 250}` } })

/** Opens a session, answers it badly and then well; answers its id. */
const answerOne = async (merchant: Merchant, token: string): Promise<string> => {
  const id = await merchant.openRefresh(token)
  const { body } = await merchant.browse('GET', `/sessions/${id}`)
  const { jwk } = body['data'] as { jwk: Parameters<typeof sealFor>[0] }
  for (const plain of [{ security_code: number }, { security_code: code, [number]: code }]) {
    const enc_payload = await sealFor(jwk, plain)
    await merchant.browse('POST', `/sessions/${id}/complete-action`, {
      body: { action: refresh, result: { enc_payload } },
      ...fromElsewhere(),
    })
  }
  return id
}

/** Card numbers and codes in every wrong place. */
const misplace = async (merchant: Merchant, token: string, url: string): Promise<void> => {
  const good = importBody({ number, code })
  const forward = { 'x-hellgate-token': token, 'x-destination-url': url }
  const session = await merchant.openTokenize()
  const complete = `/sessions/${session}/complete-action`
  for (const pan of [number, '3782 822463 10005', '3714-496353-98431']) {
    const encoded = encodeURIComponent(pan)
    const posts: readonly (readonly [string, unknown, Readonly<Record<string, string>>?])[] = [
      ['/cde-import', { ...good, [pan]: code }],
      ['/cde-import', { ...good, expiry_month: pan }],
      ['/cde-import', { ...good, cardholder_name: pan }, { 'x-idempotency-key': `${code}-of-name` }],
      ['/cde-import', { ...good, security_code: pan }],
      ['/cde-import', { ...good, account_number: `${pan}1` }],
      ['/cde-import', `{"account_number": ${pan} "security_code": ${code}`],
      ['/cde-import', good, { 'x-idempotency-key': pan }],
      ['/cde-import', good, { 'cardkeep-code-policy': pan }],
      ['/tokens/session', { [pan]: pan }],
      [`/tokens/${encoded}/refresh-session`, undefined],
      [`/tokens/${encoded}/consume`, undefined],
      [`/sessions/${encoded}/complete-action`, { action: refresh, result: { enc_payload: pan } }],
      [complete, { action: pan, result: { enc_payload: pan } }],
      [complete, { action: 'tokenize_card', result: { enc_payload: pan, [pan]: code } }],
      [complete, { action: 'tokenize_card', result: { security_code: code, account_number: pan } }],
      [complete, cardAnswer({ number: pan, code })],
      ['/forward', { [pan]: pan, code }, forward],
      ['/forward', `{{ ${pan} }}`, forward],
      ['/forward', { a: `{{ ${pan} }}` }, forward],
      ['/forward', { a: `{{ account_number | ${pan} }}` }, forward],
      ['/forward', { a: 1 }, { ...forward, 'x-destination-url': `https://${code}.invalid/${pan}` }],
      ['/forward', { a: 1 }, { ...forward, 'x-hellgate-token': pan }],
      ['/forward', { a: 1 }, { ...forward, 'x-cvc-session-id': pan }],
      ['/forward', { a: 1 }, { ...forward, 'x-psp-name': pan, 'x-psp-value': code }],
    ]
    for (const [path, body, headers] of posts)
      await merchant.call('POST', path, { body, headers: { ...fromElsewhere().headers, ...headers } })
    const named = await merchant.seal(session, cardAnswer({ number, code, name: pan }))
    await merchant.complete(await merchant.openTokenize(), 'tokenize_card', named)
    for (const path of [`/tokens/${encoded}`, `/tokens?from=${encoded}`, `/tokens?${encoded}=1`])
      await merchant.call('GET', path)
    await merchant.browse('GET', `/sessions/${encoded}`, fromElsewhere())
    await merchant.call('GET', `/tokens/card-art/${encoded}`)
  }
}
