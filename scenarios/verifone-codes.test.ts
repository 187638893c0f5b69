import { guessLimits } from '@cardkeep/core/codes/guesses'
import { loadCard, testCards } from '@cardkeep/testing/canary/cards'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { isOnMemory } from './support/backends.ts'
import type { Json } from './support/client.ts'
import type { Merchant } from './support/hellgate.ts'
import { merchantAt, openMerchant } from './support/hellgate-scenario.ts'
import { allowProvider, openShop, startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'
import {
  chargeByProxy,
  type OpenedSite,
  openScope,
  openSite,
  siteAt,
  startTill,
} from './support/verifone-scenario.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * The code in a capture is held once, however often the capture comes, and spent once, whoever spends it.
 */

const scenario = await startScenario()
const { command, demo } = scenario
const till = await startTill()
const { url } = till

let site: OpenedSite
let merchant: Merchant
const scopes: Record<string, string> = {}
beforeAll(async () => {
  await allowProvider(scenario, demo, till.provider)
  merchant = await openMerchant(scenario)
  site = await openSite(scenario)
  scopes['knows its cards'] = await openScope(scenario, site)
  scopes['gives each a token'] = site.scope
})

const card = { number: testCards.visa2, code: '417', month: 4, year: 2033 }
const charged = { status: 200, sent: 'yes' }
const withoutCode = { status: 422, sent: 'no' }
const put = (body: Json) => site.call('PUT', '/api/v2/card', { body })
const tokenOf = ({ body }: { readonly body: Json }): string => String(body['reuse_token'])

describe.each(['knows its cards', 'gives each a token'])('in a scope that %s', (name) => {
  const scoped = () => ({ token_scope: scopes[name] })

  test('one ciphertext that comes again is answered with the same token', async () => {
    const body = await site.putBody(card, scoped())
    const replies = [
      await put(body),
      await put(body),
      await put({ ...body, token_type: 'REUSE_AND_ANALYTICS' }),
    ]
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(new Set(replies.map(tokenOf)).size).toBe(1)
    const [first] = replies
    expect(await merchant.isCodeHeld(tokenOf(first ?? { body: {} }))).toBe(true)
  })

  test('a code that was spent does not come back with the ciphertext that brought it, by PUT or by PATCH', async () => {
    const body = await site.putBody(card, scoped())
    const token = tokenOf(await put(body))
    expect(await merchant.charge({ token, url })).toMatchObject(charged)
    expect(till.card()).toMatchObject({ cvc: '417' })
    expect(tokenOf(await put(body))).toBe(token)
    const { encrypted_card, public_key_alias } = body
    expect(await site.patch(token, { encrypted_card, public_key_alias })).toMatchObject({ status: 200 })
    expect(await merchant.isCodeHeld(token)).toBe(false)
    expect(await merchant.charge({ token, url })).toMatchObject(withoutCode)
  })

  test('a code that was replaced does not come back either', async () => {
    const body = await site.putBody(card, scoped())
    const token = tokenOf(await put(body))
    await site.patch(token, { cvv: '555' })
    await put(body)
    expect(await merchant.charge({ token, url })).toMatchObject(charged)
    expect(till.card()).toMatchObject({ cvc: '555' })
    expect(await merchant.charge({ token, url })).toMatchObject(withoutCode)
  })
})

test('a new capture of the same card brings its code', async () => {
  const scoped = { token_scope: scopes['knows its cards'] }
  const token = await site.bring(card, scoped)
  expect(await merchant.charge({ token, url })).toMatchObject(charged)
  expect(await site.bring({ ...card, code: '528' }, scoped)).toBe(token)
  expect(await merchant.charge({ token, url })).toMatchObject(charged)
  expect(till.card()).toMatchObject({ cvc: '528' })
})

test('of several codes for a token the last is sent, once, by whichever API', async () => {
  const token = await site.bring(card)
  await site.patch(token, { cvv: '111' })
  await site.patchCard(token, { code: '222' })
  await site.patch(token, { cvv: '333' })
  expect(await chargeByProxy(demo, { token, url })).toMatchObject(charged)
  expect(till.card()).toMatchObject({ cvc: '333' })
  expect(await chargeByProxy(demo, { token, url })).toMatchObject({ status: 400, sent: 'no' })
  expect(await merchant.charge({ token, url })).toMatchObject(withoutCode)
})

test('a code of a length that the scheme does not print is refused, and the one before stays', async () => {
  const token = await site.bring(card)
  expect(await site.patch(token, { cvv: '1234' })).toMatchObject({ status: 400 })
  expect(await merchant.charge({ token, url })).toMatchObject(charged)
  expect(till.card()).toMatchObject({ cvc: '417' })
})

test('codes for a token are not tried one after the other by whoever has no number', async () => {
  const { atOnce, everyMs } = guessLimits.answer
  const number = loadCard(777_000)
  const scoped = { token_scope: scopes['knows its cards'] }
  const token = await site.bring({ number, code: '100' }, scoped)
  for (let guess = 0; guess < atOnce; guess++)
    expect((await site.patch(token, { cvv: `20${guess}` })).status).toBe(200)
  const refused = await site.patch(token, { cvv: '999' })
  expect(refused).toMatchObject({ status: 429, headers: { 'cardkeep-refusal': 'TooManyGuesses' } })
  expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(everyMs / 1_000)
  expect(await site.patch(token, { card_holder_name: 'Ada King' })).toMatchObject({ status: 200 })
  expect(await merchant.charge({ token, url })).toMatchObject(charged)
  expect(till.card()).toMatchObject({ cvc: '209' })
  // A customer who pays again gives the whole card.
  expect(await site.put({ number, code: '300' }, scoped)).toMatchObject({ status: 200 })
})

test('a token that is relinked keeps no code of the card before', async () => {
  const token = await site.bring(card)
  await site.patchCard(token, { number: testCards.mastercard, month: 5, year: 2034 })
  expect(await merchant.isCodeHeld(token)).toBe(false)
  expect(await merchant.charge({ token, url })).toMatchObject(withoutCode)
})

describe('a suspended token', () => {
  test('holds no code: the one that it had is gone, and none that comes is kept', async () => {
    const scoped = { token_scope: scopes['knows its cards'] }
    const number = testCards.visa3
    const token = await site.bring({ ...card, number }, scoped)
    expect(await merchant.isCodeHeld(token)).toBe(true)
    await site.suspend(token)
    for (const reply of [
      await site.put({ ...card, number, code: '111' }, scoped),
      await site.patch(token, { cvv: '222' }),
      await site.patchCard(token, { code: '333' }),
    ])
      expect(reply).toMatchObject({ status: 200, body: { token_status: 'SUSPENDED' } })
    await site.activate(token)
    expect(await merchant.isCodeHeld(token)).toBe(false)
    expect(await merchant.charge({ token, url })).toMatchObject(withoutCode)
    await site.patch(token, { cvv: '444' })
    expect(await merchant.charge({ token, url })).toMatchObject(charged)
    expect(till.card()).toMatchObject({ cvc: '444' })
  })
})

test('a code is for the tenant whose customer typed it, in a scope that two share', async () => {
  await allowProvider(scenario, await openShop(scenario, 'neighbour'), till.provider, 'neighbour')
  const neighbour = await openMerchant(scenario, 'neighbour')
  await command('scope', 'link', site.scope, '--tenant', 'neighbour')
  const token = await site.bring(card)
  await until(
    'a link',
    async () => (await neighbour.call('GET', `/tokens/${token}/security-code`)).status === 200,
  )
  expect(await neighbour.isCodeHeld(token)).toBe(false)
  expect(await neighbour.charge({ token, url })).toMatchObject(withoutCode)
  expect(await merchant.charge({ token, url })).toMatchObject(charged)
})

describe("a tenant's policy", () => {
  test('is what a code is held by, and a caller may ask for less', async () => {
    const shop = await openShop(scenario, 'twice')
    const twice = await openSite(scenario, 'twice')
    const spender = await openMerchant(scenario, 'twice')
    await command('tenant', 'policy', 'set', 'twice', '--hold', 'on', '--ttl', '60', '--uses', '2')
    // What is allowed last is followed last: by then the policy is known too.
    await allowProvider(scenario, shop, till.provider, 'twice')
    const charges = async (token: string): Promise<readonly number[]> => {
      const statuses = []
      for (let use = 0; use < 3; use++) statuses.push((await spender.charge({ token, url })).status)
      return statuses
    }
    expect(await charges(await twice.bring(card))).toEqual([200, 200, 422])
    const { code: _, ...bare } = card
    const token = await twice.bring(bare)
    await twice.patch(token, { cvv: '111' })
    expect(await charges(token)).toEqual([200, 200, 422])
  })
})

test('after a restart no capture from before it brings a code that was spent, and a new one brings its own', async () => {
  const brief = await startScenario()
  const before = { site: await openSite(brief), merchant: await openMerchant(brief) }
  const sent = await before.site.putBody(card)
  const unsent = await before.site.putBody({ ...card, code: '628' })
  const token = tokenOf(await before.site.call('PUT', '/api/v2/card', { body: sent }))
  expect(await before.merchant.call('POST', `/tokens/${token}/consume`)).toMatchObject({ status: 204 })
  expect(await brief.vault.stop()).toBe(0)

  const place = { folder: brief.folder, vault: await brief.start() }
  const { call, ...after } = siteAt(place, before.site.keys, before.site)
  const asks = merchantAt(place, before.merchant.apiKey)
  const again = await call('PUT', '/api/v2/card', { body: sent })
  expect([again.status, tokenOf(again)]).toEqual([200, token])
  expect(await asks.isCodeHeld(token)).toBe(false)
  // Of what came while memory was another's nobody knows whether it is fresh.
  const late = await call('PUT', '/api/v2/card', { body: unsent })
  expect(late.status).toBe(200)
  expect(await asks.isCodeHeld(tokenOf(late))).toBe(!isOnMemory)
  expect(await asks.isCodeHeld(await after.bring(card))).toBe(true)
})

test('after a restart no capture of a client whose clock was ahead brings a code that was spent', async () => {
  const brief = await startScenario()
  const before = { site: await openSite(brief), merchant: await openMerchant(brief) }
  const ahead = new Date(Date.now() + 100_000).toISOString()
  const sent = await before.site.putBody({ ...card, at: ahead })
  const token = tokenOf(await before.site.call('PUT', '/api/v2/card', { body: sent }))
  expect(await before.merchant.call('POST', `/tokens/${token}/consume`)).toMatchObject({ status: 204 })
  expect(await brief.vault.stop()).toBe(0)

  const place = { folder: brief.folder, vault: await brief.start() }
  const { call } = siteAt(place, before.site.keys, before.site)
  const again = await call('PUT', '/api/v2/card', { body: sent })
  expect([again.status, tokenOf(again)]).toEqual([200, token])
  expect(await merchantAt(place, before.merchant.apiKey).isCodeHeld(token)).toBe(false)
})
