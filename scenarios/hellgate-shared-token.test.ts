import { testCards } from '@cardkeep/testing/canary/cards'
import { answer } from '@cardkeep/testing/provider/behaviours'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import type { Json } from './support/client.ts'
import type { Merchant } from './support/hellgate.ts'
import { openMerchant } from './support/hellgate-scenario.ts'
import { allowProvider, openShop, startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/* Two merchants with one token scope: each may use the other's tokens, and no code that the other's customer typed. */

const scenario = await startScenario()
const { command, demo } = scenario

/** The codes that the provider was sent, in memory only. */
const sentCodes: unknown[] = []
const provider = await startProvider({
  answers: {
    '/capture': ({ body }, response) => {
      sentCodes.push((JSON.parse(body.toString()) as { card: Json }).card['cvc'])
      answer(response, 200, 'application/json', '{}')
    },
  },
})
cleanUp(() => provider.close())
const url = `${provider.origin}/capture`

let merchant: Merchant
let neighbour: Merchant
beforeAll(async () => {
  await allowProvider(scenario, demo, provider)
  const shop = await openShop(scenario, 'neighbour')
  await allowProvider(scenario, shop, provider, 'neighbour')
  merchant = await openMerchant(scenario)
  neighbour = await openMerchant(scenario, 'neighbour')
  const { tenants } = await command<{ tenants: { name: string; token_scope: string }[] }>('tenant', 'list')
  const scope = tenants.find(({ name }) => name === 'demo')?.token_scope ?? ''
  await command('scope', 'link', scope, '--tenant', 'neighbour')
  const token = await merchant.importCard({ number: testCards.visa })
  await until(
    'a link',
    async () => (await neighbour.call('GET', `/tokens/${token}/security-code`)).status === 200,
  )
})

let token = ''
beforeEach(async () => {
  sentCodes.length = 0
  token = await merchant.importCard({ number: testCards.visa, code: '947' })
})

const refused = { status: 422, sent: 'no' }
const charged = { status: 200, sent: 'yes' }

test('a code is told to the merchant whose customer typed it, and to no other', async () => {
  expect([await merchant.isCodeHeld(token), await neighbour.isCodeHeld(token)]).toEqual([true, false])
})

test('a merchant who charges a card of another gets no code, and takes none away', async () => {
  expect(await neighbour.charge({ token, url })).toMatchObject(refused)
  expect(await neighbour.charge({ token, url, withCode: false })).toMatchObject(charged)
  expect(await merchant.charge({ token, url })).toMatchObject(charged)
  expect(sentCodes).toEqual([undefined, '947'])
})

test('a merchant who ends the code of a card ends only the one of its own customer', async () => {
  await neighbour.refresh(token, '333')
  expect(await neighbour.isCodeHeld(token)).toBe(true)
  expect(await neighbour.call('POST', `/tokens/${token}/consume`)).toMatchObject({ status: 204 })
  expect([await merchant.isCodeHeld(token), await neighbour.isCodeHeld(token)]).toEqual([true, false])
})

test('both hold a code for one card at once, and each charge carries its own', async () => {
  await neighbour.refresh(token, '333')
  expect(await neighbour.charge({ token, url })).toMatchObject(charged)
  expect(await merchant.charge({ token, url })).toMatchObject(charged)
  expect(sentCodes).toEqual(['333', '947'])
})

test('a card that is suspended loses the codes of both', async () => {
  await neighbour.refresh(token, '333')
  await command('token', 'suspend', token)
  await command('token', 'activate', token)
  for (const caller of [merchant, neighbour])
    expect(await caller.charge({ token, url })).toMatchObject(refused)
  expect(sentCodes).toEqual([])
})
