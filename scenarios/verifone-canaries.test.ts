import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { testCards } from '@cardkeep/testing/canary/cards'
import { answer } from '@cardkeep/testing/provider/behaviours'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { databaseFiles } from './support/backends.ts'
import { expectClean, inParallel } from './support/clean-disk.ts'
import { cleanUp } from './support/clean-up.ts'
import { openMerchant } from './support/hellgate-scenario.ts'
import { allowProvider, startScenario } from './support/scenario.ts'
import { chargesOf } from './support/shop.ts'
import { until } from './support/until.ts'
import { captureText, encryptText, toBase64 } from './support/verifone.ts'
import { type OpenedSite, openScope, openSite } from './support/verifone-scenario.ts'

vi.setConfig({ testTimeout: 90_000 })

/*
 * As canaries.test.ts, with what clients encrypt and merchants send by this API. What was encrypted is looked for as text
 * too, and so is any private key.
 */

const held = 150
const code = '7391'
const number = testCards.amex
const card = { number, code, month: 4, year: 2033, name: 'Jane Q Canary' }

test('no card, no code, no plaintext and no private key is on the disk, in the log, or in what is told of it', async () => {
  const scenario = await startScenario({ CARDKEEP_LOG: 'debug', CARDKEEP_TRUSTED_PROXIES: '127.0.0.0/8' })
  const { command, folder } = scenario
  const provider = await startProvider()
  const told: string[] = []
  const endpoint = await startProvider({
    answers: {
      '/events': ({ body }, response) => {
        told.push(body.toString())
        answer(response, 200, 'text/plain', 'taken')
      },
    },
  })
  cleanUp(() => Promise.all([provider.close(), endpoint.close()]))
  await allowProvider(scenario, scenario.demo, provider)
  const ca = join(folder, 'endpoint.pem')
  writeFileSync(ca, endpoint.caPem)
  await command(
    ...['webhook', 'create', '--tenant', 'demo', '--dialect', 'hellgate', '--ca', ca, '--private'],
    ...['--events', 'token.created,token.updated,token.deleted', '--url', `${endpoint.origin}/events`],
  )
  const merchant = await openMerchant(scenario)
  const site = await openSite(scenario)
  const token_scope = await openScope(scenario, site, 'demo', [
    ...['--network-tokens', '--account-reference', '--token-requestor', 'merchant'],
  ])

  const tokens = await inParallel(held, (at) =>
    at % 3 === 0 ? site.bring(card, { token_scope, token_type: 'REUSE_AND_ANALYTICS' }) : site.bring(card),
  )
  await inParallel(held / 3, async (at) => {
    const token = tokens[at] ?? ''
    await site.patch(token, { cvv: code, card_holder_email: 'canary@shop.example' })
    await site.patchCard(token, { ...card, number: testCards.amex2 })
    if (at === 0) await site.patch(token, { scheme_token_action: 'ACTIVATE' })
    await site.put(card, { token_scope, token_type: 'ANALYTICS' })
    await merchant.charge({ token, url: chargesOf(provider) })
  })
  await misplace(site, tokens.at(-1) ?? '')
  await site.remove(tokens[1] ?? '')
  await until('events', () => told.some((text) => text.includes('token.deleted')), 20_000)
  await scenario.vault.kill()

  expectClean(scenario, code)
  const { entries } = await exportAudit(scenario)
  expectClean(scenario, code)
  const log = readFileSync(join(folder, 'vault.log'), 'utf8')
  expect(log).toContain('"event":"request')
  const files = databaseFiles({ folder, settings: scenario.options.settings })
  const database = files.map((file) => readFileSync(join(folder, file), 'latin1')).join('\n')
  expect(database).toContain('PGP PUBLIC KEY BLOCK')
  const places = { log, database, exported: JSON.stringify(entries), told: told.join('\n') }
  // Its holder's name is told to who asked to hear of a card.
  for (const [place, text] of Object.entries(places))
    for (const secret of [
      'PRIVATE KEY',
      'captureTime',
      'cardNumber',
      'Jane Q Canary',
      'canary@shop.example',
      number,
    ])
      if (!(place === 'told' && secret === 'Jane Q Canary'))
        expect([place, secret, text.includes(secret)]).toEqual([place, secret, false])
})

let addresses = 0
/** Each comes from an address of its own, as far as tries are counted. */
const fromElsewhere = () => ({ 'x-forwarded-for': `198.51.100.${++addresses % 250}` })

/** Card numbers and codes in every wrong place. */
const misplace = async (site: OpenedSite, token: string): Promise<void> => {
  const { alias: public_key_alias } = site.key
  const good = await site.putBody(card)
  for (const pan of [number, '3782 822463 10005', '3714-496353-98431']) {
    const encoded = encodeURIComponent(pan)
    const bodies: readonly unknown[] = [
      { ...good, [pan]: code },
      { ...good, token_scope: pan },
      { ...good, public_key_alias: pan },
      { ...good, encrypted_card: pan },
      { ...good, encrypted_card: toBase64(captureText(card)) },
      { ...good, encrypted_card: captureText(card) },
      { ...good, card_brand: pan },
      { ...good, token_type: pan },
      { ...good, token_expiry_date: pan },
      { ...good, token_context: { [pan]: code, entity_id: pan } },
      `{"encrypted_card": ${pan} "cvv": ${code}`,
    ]
    for (const body of bodies) await site.call('PUT', '/api/v2/card', { body, headers: fromElsewhere() })
    const captured: readonly string[] = [
      captureText({ ...card, name: pan }),
      captureText({ ...card, number: `${pan}1` }),
      captureText({ ...card, code: pan }),
      captureText({ ...card, at: pan }),
      captureText({ ...card, at: null }),
      `${captureText(card)} ${pan}`,
      JSON.stringify([card]),
      JSON.stringify({ ...(JSON.parse(captureText(card)) as object), [pan]: code }),
    ]
    for (const text of captured) {
      const encrypted_card = await encryptText(site.key, text)
      await site.put(card, { encrypted_card })
      await site.patch(token, { encrypted_card, public_key_alias })
    }
    for (const body of [
      { [pan]: code },
      { cvv: pan },
      { card_holder_name: pan },
      { card_holder_email: `${pan}@shop.example` },
      { expiry_month: pan },
      { token_expiry_date: pan },
      { scheme_token_action: pan },
    ])
      await site.patch(token, body)
    for (const [method, path] of [
      ['GET', `/api/v2/card/${encoded}`],
      ['GET', `/api/v2/card/${token}?${encoded}=${code}`],
      ['PATCH', `/api/v2/card/${encoded}/suspend`],
      ['DELETE', `/api/v2/card/${encoded}`],
    ] as const)
      await site.call(method, path, { headers: fromElsewhere() })
    const authorization = `Basic ${toBase64(`${pan}:${code}`)}`
    const headers = { ...fromElsewhere(), authorization }
    await site.ask('GET', `/api/v2/card/${token}`, { headers })
  }
}
