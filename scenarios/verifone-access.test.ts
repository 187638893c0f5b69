import { testCards } from '@cardkeep/testing/canary/cards'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { idLiteral } from './support/backends.ts'
import type { Json, Reply } from './support/client.ts'
import { openMerchant } from './support/hellgate-scenario.ts'
import { runToEnd } from './support/refused-command.ts'
import { changeRows } from './support/rows.ts'
import { openShop, startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'
import { basicOf, type SiteKeys } from './support/verifone.ts'
import { type OpenedSite, openSite, scopeOf, siteAt } from './support/verifone-scenario.ts'
import { messages } from './support/verifone-schemas.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

// Each credential fails from an address of its own, so that none is locked out for another's failures.
const scenario = await startScenario({ CARDKEEP_TRUSTED_PROXIES: '127.0.0.0/8' })
const { command } = scenario
let site: OpenedSite
let other: OpenedSite
let token = ''
beforeAll(async () => {
  site = await openSite(scenario)
  await openShop(scenario, 'other')
  other = await openSite(scenario, 'other')
  token = await site.bring(card)
})

const card = { number: testCards.visa, code: '123', month: 4, year: 2033 }

type Ask = readonly [method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string]

const asks = (): readonly Ask[] => [
  ['PUT', '/card'],
  ['GET', `/card/${token}`],
  ['PATCH', `/card/${token}`],
  ['PATCH', `/card/${token}/suspend`],
  ['PATCH', `/card/${token}/activate`],
  ['DELETE', `/card/${token}`],
  ['GET', '/capture-keys'],
  ['POST', '/capture-keys'],
]

const unauthorized = { status: 401, body: { message: messages[401], code: 401 } }
const forbidden = { status: 403, body: { message: messages[403], code: 403 } }

let addresses = 0
const elsewhere = () => ({ 'x-forwarded-for': `198.51.100.${++addresses}` })

interface Credential extends SiteKeys {
  readonly credential_id: string
}

const create = (...words: readonly string[]): Promise<Credential> =>
  command<Credential>('credential', 'create', '--tenant', 'demo', '--dialect', 'verifone', ...words)

/** The demo tenant's server with another credential. */
const withKeys = (keys: SiteKeys) => siteAt(scenario, keys, site)

const isKnown = async (keys: SiteKeys): Promise<boolean> => (await withKeys(keys).get(token)).status !== 401

/** Waits until the vault has noticed. */
const open = async (...words: readonly string[]): Promise<Credential> => {
  const keys = await create(...words)
  await until('a credential', () => isKnown(keys))
  return keys
}

test('a credential is a user and a key of the form that the notes say', async () => {
  const keys = await create()
  expect(keys.user_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(keys.api_key).toMatch(/^vf_test_[a-z2-7]{26}_[a-z2-7]{52}$/)
})

describe('every route refuses', () => {
  const rows: readonly (readonly [string, () => Promise<string | undefined> | string | undefined])[] = [
    ['who has no credential', () => undefined],
    ['an empty header', () => ''],
    ['another way to say who calls', () => `Bearer ${site.keys.api_key}`],
    ['what is no base64', () => 'Basic ***'],
    ['base64 of no pair', () => `Basic ${Buffer.from('nobody').toString('base64')}`],
    ['an empty pair', () => basicOf({ user_id: '', api_key: '' })],
    ['a key without its user', () => basicOf({ ...site.keys, user_id: '' })],
    ['a user without a key', () => basicOf({ ...site.keys, api_key: '' })],
    ['a wrong key', () => basicOf({ ...site.keys, api_key: site.keys.api_key.replace(/.{8}$/, 'aaaaaaaa') })],
    ['a key that is too long', () => basicOf({ ...site.keys, api_key: `${site.keys.api_key}a` })],
    ['the user of another key', () => basicOf({ ...site.keys, user_id: other.keys.user_id })],
    ['a key and its user swapped', () => basicOf({ user_id: site.keys.api_key, api_key: site.keys.user_id })],
    ['a key of another API', () => basicOf({ ...site.keys, api_key: scenario.demoKeys.api_key })],
    [
      'a key of a third API',
      async () => basicOf({ ...site.keys, api_key: (await openMerchant(scenario)).apiKey }),
    ],
  ]

  test.each(rows)('%s', async (_, header) => {
    const authorization = await header()
    const headers = { ...elsewhere(), ...(authorization !== undefined && { authorization }) }
    for (const [method, path] of asks()) {
      const reply = await site.ask(method, `/api/v2${path}`, { headers })
      expect([method, path, reply]).toEqual([method, path, expect.objectContaining({ status: 401 })])
      expect(reply).toMatchObject(unauthorized)
      expect(reply.headers['www-authenticate']).toMatch(/^Basic/)
    }
  })

  test('a credential that was revoked', async () => {
    const keys = await open()
    await command('credential', 'revoke', keys.credential_id)
    await until('its end', async () => !(await isKnown(keys)))
    for (const [method, path] of asks())
      expect(await withKeys(keys).call(method, `/api/v2${path}`, { headers: elsewhere() })).toMatchObject(
        unauthorized,
      )
  })

  test('a credential whose year is over', async () => {
    const keys = await open()
    const before = Date.now() - 1
    await changeRows(
      scenario,
      `update credentials set expires_at = ${before} where id = ${idLiteral(keys.credential_id)}`,
    )
    await until('its end', async () => !(await isKnown(keys)))
    expect(await withKeys(keys).get(token)).toMatchObject(unauthorized)
  })
})

test('a credential opens no other API', async () => {
  const { call } = scenario.shopAt(scenario.vault, { api_key: site.keys.api_key })
  const headers = { ...elsewhere(), authorization: basicOf(site.keys) }
  for (const [method, path] of [
    ['POST', '/tokenize'],
    ['GET', '/tokens'],
    ['POST', '/forward'],
  ] as const)
    expect([path, (await call(method, path, { headers })).status]).toEqual([path, 401])
})

test('a credential is good for a year', async () => {
  const { credential_id } = await create()
  const { credentials } = await command<{ credentials: readonly Json[] }>(
    ...['credential', 'list', '--tenant', 'demo'],
  )
  const own = credentials.find((credential) => credential['credential_id'] === credential_id) ?? {}
  const days = (Date.parse(String(own['expires_at'])) - Date.parse(String(own['created_at']))) / 86_400_000
  expect(days).toBeGreaterThan(364.99)
  expect(days).toBeLessThanOrEqual(366)
})

test('a user has five credentials, and another once one of them was revoked', async () => {
  const first = await create()
  const words = ['--user', first.user_id]
  for (let more = 1; more < 5; more++) expect((await create(...words)).user_id).toBe(first.user_id)
  const line = ['credential', 'create', '--tenant', 'demo', '--dialect', 'verifone', ...words, '--json']
  const sixth = await runToEnd(scenario, line)
  expect(sixth).toMatchObject({ code: 1, stdout: '' })
  expect(sixth.stderr).toMatch(/as many API keys as it may/)
  await command('credential', 'revoke', first.credential_id)
  const another = await create(...words)
  await until('it', () => isKnown(another))
  // A user is a tenant's: another's keys count for nothing and cannot be had.
  const foreign = ['credential', 'create', '--tenant', 'other', '--dialect', 'verifone', ...words, '--json']
  expect(await runToEnd(scenario, foreign)).toMatchObject({ code: 1, stdout: '' })
})

test('a credential that may not tokenize changes nothing, and reads', async () => {
  const denied = withKeys(await open('--deny', 'tokenize'))
  for (const reply of [
    await denied.put(card),
    await denied.patch(token, { expiry_year: 2034 }),
    await denied.suspend(token),
    await denied.activate(token),
    await denied.remove(token),
    await denied.call('POST', '/api/v2/capture-keys'),
  ])
    expect(reply).toMatchObject(forbidden)
  expect((await site.get(token)).body).toMatchObject({ token_status: 'ACTIVE', expiry_year: 2033 })
})

test('what is wrong with a request is told to nobody who may not make it', async () => {
  const { call } = withKeys({ ...site.keys, api_key: 'x' })
  const reply = await call('PUT', '/api/v2/card', { body: { token_scope: 5 }, headers: elsewhere() })
  expect(reply).toMatchObject({ ...unauthorized, body: { details: {} } })
})

test('ten failures lock that key at that address, and nothing else', async () => {
  const keys = await open()
  const wrong = { ...keys, api_key: keys.api_key.replace(/.{8}$/, 'aaaaaaaa') }
  const headers = elsewhere()
  const ask = (credential: SiteKeys, from: Readonly<Record<string, string>>): Promise<Reply> =>
    withKeys(credential).call('GET', `/api/v2/card/${token}`, { headers: from })
  for (let failure = 0; failure < 10; failure++) expect(await ask(wrong, headers)).toMatchObject(unauthorized)
  const locked = await ask(keys, headers)
  expect(locked).toMatchObject({ status: 429, body: { code: 429, reversal_status: 'NONE' } })
  expect(Number(locked.headers['retry-after'])).toBeGreaterThan(0)
  expect(await ask(keys, elsewhere())).toMatchObject({ status: 200 })
  expect(await ask(site.keys, headers)).toMatchObject({ status: 200 })
})

test('a tenant of another scope does not see it', async () => {
  expect(await scopeOf(scenario, 'other')).toBe(other.scope)
  const reply = await other.get(token)
  expect(reply).toMatchObject({ status: 404, body: { message: messages[404], code: 404 } })
})
