import { testCards } from '@cardkeep/testing/canary/cards'
import { beforeAll, expect, test, vi } from 'vitest'
import { keyIn, type Merchant } from './support/hellgate.ts'
import { faultsOf, openMerchant, success } from './support/hellgate-scenario.ts'
import { startScenario } from './support/scenario.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * A test tenant and a live one on one vault. The payloads name no session, as the published SDK seals them.
 */

const scenario = await startScenario()
let trial: Merchant
let shop: Merchant
beforeAll(async () => {
  await scenario.command('tenant', 'create', 'trial')
  await scenario.command('tenant', 'create', 'shop', '--live')
  trial = await openMerchant(scenario, 'trial')
  shop = await openMerchant(scenario, 'shop')
})

const refresh = 'refresh_security_code'
const openAt = async (merchant: Merchant) => {
  const token = await merchant.importCard({ number: testCards.visa })
  return { token, session: await merchant.openRefresh(token) }
}

test.each([
  ['live', 'test', () => [shop, trial] as const],
  ['test', 'live', () => [trial, shop] as const],
])('what is sealed for a session of a %s tenant opens in none of a %s tenant', async (_, __, pick) => {
  const [owner, thief] = pick()
  const { token, session } = await openAt(owner)
  const other = await openAt(thief)
  const payload = await owner.seal(session, { security_code: '987' })
  const stolen = await thief.complete(other.session, refresh, payload)
  expect([stolen.status, faultsOf(stolen)]).toEqual([422, ['$.result.enc_payload cannot be opened']])
  expect(await thief.isCodeHeld(other.token)).toBe(false)
  expect(await owner.complete(session, refresh, payload)).toMatchObject({ body: success(token) })
})

test('sessions of one environment share a key, and those of the other have another', async () => {
  const keyOf = async (merchant: Merchant) =>
    keyIn((await merchant.browse('GET', `/sessions/${(await openAt(merchant)).session}`)).body)['n']
  expect(await keyOf(shop)).toBe(await keyOf(shop))
  expect(await keyOf(trial)).not.toBe(await keyOf(shop))
})
