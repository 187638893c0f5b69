import { randomUUID } from 'node:crypto'
import { testCards } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import type { Reply } from './support/client.ts'
import { importBody } from './support/hellgate.ts'
import { merchantAt, notFound, openMerchant } from './support/hellgate-scenario.ts'
import { allowProvider, openShop, startScenario } from './support/scenario.ts'
import { chargesOf } from './support/shop.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

// Each key fails from an address of its own, so that none is locked out for another's failures.
const scenario = await startScenario({ CARDKEEP_TRUSTED_PROXIES: '127.0.0.0/8' })
const provider = await startProvider()
cleanUp(() => provider.close())
const url = chargesOf(provider)

let merchant: Awaited<ReturnType<typeof openMerchant>>
let other: Awaited<ReturnType<typeof openMerchant>>
beforeAll(async () => {
  await allowProvider(scenario, scenario.demo, provider)
  merchant = await openMerchant(scenario)
  await openShop(scenario, 'other')
  other = await openMerchant(scenario, 'other')
})

const card = { number: testCards.visa, code: '123' }

type Ask = readonly [method: 'GET' | 'POST' | 'DELETE', path: string]

/** Everything that wants a credential and names a token. */
const ofToken = (token: string): readonly Ask[] => [
  ['GET', `/tokens/${token}`],
  ['GET', `/tokens/${token}/security-code`],
  ['POST', `/tokens/${token}/consume`],
  ['POST', `/tokens/${token}/refresh-session`],
  ['DELETE', `/tokens/${token}`],
]
const ofAny: readonly Ask[] = [
  ['POST', '/cde-import'],
  ['POST', '/tokens/session'],
  ['GET', '/tokens'],
  ['POST', '/forward'],
]

test('every route refuses who has no key, a wrong one, one of another API, or one too long', async () => {
  const token = await merchant.importCard(card)
  const keys = [
    '',
    'hg_test_x',
    scenario.demoKeys.api_key,
    merchant.apiKey.replace(/.{8}$/, 'aaaaaaaa'),
    `${other.apiKey}x`,
  ]
  for (const [at, key] of keys.entries())
    for (const [method, path] of [...ofAny, ...ofToken(token)]) {
      const headers = { 'x-forwarded-for': `198.51.100.${at}` }
      const reply = await merchantAt(scenario, key).call(method, path, { headers })
      expect([path, reply.status, reply.body]).toEqual([
        path,
        401,
        {
          code: 401,
          classifier: 'UNAUTHORIZED',
          message: 'No valid means of authentication was provided',
        },
      ])
      expect(reply.sent).toBe(path === '/forward' ? 'no' : undefined)
    }
  expect((await merchant.call('GET', `/tokens/${token}`)).status).toBe(200)
})

test("another tenant's token looks like one that never was, and is not listed", async () => {
  const token = await merchant.importCard(card)
  const comparable = ({ status, body, headers }: Reply) => {
    const { date: _date, 'x-request-id': _id, ...rest } = headers
    return { status, body, headers: rest }
  }
  const [foreign, unknown] = [ofToken(token), ofToken(randomUUID())]
  for (const [at, [method, path]] of foreign.entries()) {
    const never = await other.call(method, unknown[at]?.[1] ?? '')
    const asked = await other.call(method, path)
    expect(comparable(asked)).toEqual(comparable(never))
    expect(asked).toMatchObject({ status: 404, body: notFound })
  }
  expect(await other.charge({ token, url })).toMatchObject({ status: 404, sent: 'no', body: notFound })
  expect((await other.call('GET', '/tokens')).body).toMatchObject({ data: [] })
  expect(await merchant.charge({ token, url })).toMatchObject({ status: 200, sent: 'yes' })
})

describe('a key does what it is permitted and no more:', () => {
  const forbidden = {
    status: 403,
    body: {
      code: 403,
      classifier: 'FORBIDDEN',
      message: 'Not allowed to access this resource or feature',
    },
  }

  test('one that may only forward takes no cards, opens no sessions and deletes nothing', async () => {
    const forwards = await openMerchant(scenario, 'demo', ['--deny', 'tokenize'])
    const token = await merchant.importCard(card)
    const body = importBody(card)
    expect(await forwards.call('POST', '/cde-import', { body })).toMatchObject(forbidden)
    for (const [method, path] of [
      ['POST', '/tokens/session'],
      ['POST', `/tokens/${token}/refresh-session`],
      ['DELETE', `/tokens/${token}`],
    ] as const)
      expect({ path, ...(await forwards.call(method, path)) }).toMatchObject({ path, ...forbidden })
    expect(await forwards.isCodeHeld(token)).toBe(true)
    expect(await forwards.charge({ token, url })).toMatchObject({ status: 200, sent: 'yes' })
  })

  test('one that may only tokenize sends nothing and lets go of no code', async () => {
    const tokenizes = await openMerchant(scenario, 'demo', ['--deny', 'forward'])
    const token = await tokenizes.importCard(card)
    expect(await tokenizes.charge({ token, url })).toMatchObject({ ...forbidden, sent: 'no' })
    for (const [method, path] of [
      ['GET', `/tokens/${token}/security-code`],
      ['POST', `/tokens/${token}/consume`],
    ] as const)
      expect({ path, ...(await tokenizes.call(method, path)) }).toMatchObject({ path, ...forbidden })
    expect(await tokenizes.refresh(token, '321')).toMatchObject({ status: 200 })
    expect(await merchant.isCodeHeld(token)).toBe(true)
  })
})

test('a session that was opened with a key outlives it: its customer is in the middle of typing', async () => {
  const keys = await scenario.command<{ api_key: string; credential_id: string }>(
    ...['credential', 'create', '--tenant', 'demo', '--dialect', 'hellgate'],
  )
  const brief = merchantAt(scenario, keys.api_key)
  await until('a new key', async () => (await brief.call('GET', '/tokens?limit=1')).status === 200)
  const token = await brief.importCard({ number: card.number })
  const session = await brief.openRefresh(token)
  await scenario.command('credential', 'revoke', keys.credential_id)
  await until('its end', async () => (await brief.call('GET', '/tokens?limit=1')).status === 401)
  const payload = await merchant.seal(session, { security_code: '321' })
  expect(await merchant.complete(session, 'refresh_security_code', payload)).toMatchObject({ status: 200 })
  expect(await merchant.isCodeHeld(token)).toBe(true)
})
