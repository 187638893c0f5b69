import { testCards } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { Agent } from 'undici'
import { beforeAll, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import type { Reply } from './support/client.ts'
import {
  allowProvider,
  codeRequired,
  type OpenedShop,
  openShop,
  probe,
  startScenario,
} from './support/scenario.ts'
import { chargeBody, chargesOf, createShop, type Keys, tokenizeBody } from './support/shop.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scenario = await startScenario()
const { demo, demoKeys, command, shopAt, vault, folder } = scenario
const provider = await startProvider()
cleanUp(() => provider.close())
let other: OpenedShop
beforeAll(async () => {
  other = await openShop(scenario, 'other')
  await allowProvider(scenario, demo, provider)
})
const url = chargesOf(provider)
const card = { number: testCards.visa, code: '123' }

const createKeys = (...words: readonly string[]) =>
  command<Keys & { credential_id: string }>(
    'credential',
    'create',
    '--tenant',
    'demo',
    '--dialect',
    'ozura',
    ...words,
  )

const notFound = (message: string) => ({ success: false, message, data: null })
const wrongKey = notFound('Invalid API key')

test('every route refuses who has no key, a wrong one, or one of the right form', async () => {
  const nobodys = demoKeys.api_key.replace(/.{8}$/, 'aaaaaaaa')
  for (const [method, path] of [
    ['POST', '/tokenize'],
    ['POST', '/test-tokens'],
    ['POST', '/proxy/transaction'],
    ['DELETE', `/proxy/delete-cvc-session/${crypto.randomUUID()}`],
    ['GET', '/api/applications/key'],
  ] as const)
    for (const key of ['', 'key_test_x', `${other.keys.api_key}x`]) {
      const reply = await demo.call(method, path, { headers: { 'x-api-key': key } })
      expect(reply).toMatchObject({ status: 401, body: wrongKey })
      expect(reply.sent).toBe(path === '/proxy/transaction' ? 'no' : undefined)
    }
  const reply = await demo.call('GET', '/api/applications/key', { headers: { 'x-api-key': nobodys } })
  expect(reply).toMatchObject({ status: 401, body: wrongKey })
})

test("another tenant's token and session look like ones that never were", async () => {
  const { token, session } = await demo.tokenize(card)
  const never: Names = { token: `tok_${'b'.repeat(26)}`, session: crypto.randomUUID() }
  const alike = async (ask: (names: Names) => Promise<Reply>): Promise<void> => {
    const [foreign, unknown] = [await ask({ token, session }), await ask(never)]
    expect({ ...foreign, headers: comparable(foreign) }).toEqual({ ...unknown, headers: comparable(unknown) })
  }
  await alike((names) => other.charge({ ...names, url }))
  await alike(({ token: named }) => other.charge({ token: named, url }))
  await alike(({ session: named }) => other.call('DELETE', `/proxy/delete-cvc-session/${named}`))
  const own = await other.tokenize(card)
  await alike(({ session: named }) => other.charge({ token: own.token, session: named, url }))
  expect(await demo.charge({ token, session, url })).toMatchObject({ status: 200, sent: 'yes' })
})

interface Names {
  readonly token: string
  readonly session: string
}

const comparable = ({ headers }: Reply) => {
  const { date: _date, 'x-request-id': _id, ...rest } = headers
  return rest
}

test('a key that is revoked works no more within a second, while the vault runs and other keys go on', async () => {
  const keys = await createKeys()
  const revoked = shopAt(vault, keys)
  await until('a new key', async () => (await revoked.call('GET', '/api/applications/key')).status === 200)
  const { session } = await revoked.tokenize(card)
  await command('credential', 'revoke', keys.credential_id)
  const since = performance.now()
  await until(
    'the end of a key',
    async () => (await revoked.call('GET', '/api/applications/key')).status === 401,
  )
  expect(performance.now() - since).toBeLessThan(1_000)
  for (const [method, path] of [
    ['POST', '/tokenize'],
    ['POST', '/proxy/transaction'],
    ['DELETE', `/proxy/delete-cvc-session/${session}`],
  ] as const)
    expect(await revoked.call(method, path)).toMatchObject({ status: 401, body: wrongKey })
  expect(await demo.call('GET', '/api/applications/key')).toMatchObject({ status: 200 })
})

test('ten failures lock that key at that address, and nothing else', async () => {
  const keys = await createKeys()
  const shop = shopAt(vault, keys)
  await until('a new key', async () => (await shop.call('GET', '/api/applications/key')).status === 200)
  const guess = { headers: { 'x-api-key': keys.api_key.replace(/.{8}$/, 'aaaaaaaa') } }
  for (let failure = 1; failure <= 10; failure++)
    expect(await shop.call('GET', '/api/applications/key', guess)).toMatchObject({
      status: 401,
      body: wrongKey,
    })

  // The right secret is refused too: whoever guesses must not learn that they were right.
  for (const headers of [guess.headers, {}]) {
    const locked = await shop.call('POST', '/proxy/transaction', { headers })
    const seconds = Number(locked.body['retry_after_seconds'])
    expect(locked).toMatchObject({
      status: 403,
      sent: 'no',
      body: { success: false, message: 'Too many failed attempts', data: null },
    })
    expect(seconds).toBeGreaterThan(29 * 60)
    expect(seconds).toBeLessThanOrEqual(30 * 60)
    expect(locked.headers['retry-after']).toBe(String(seconds))
  }
  expect(await demo.call('GET', '/api/applications/key')).toMatchObject({ status: 200 })
  const dispatcher = new Agent({ localAddress: '127.0.0.2' })
  cleanUp(() => dispatcher.close())
  const elsewhere = createShop({ url: vault.url, record: `${folder}/replies.txt`, dispatcher }, keys)
  expect(await elsewhere.call('GET', '/api/applications/key')).toMatchObject({ status: 200 })
})

test('nine failures and a success begin the count anew', async () => {
  const keys = await createKeys()
  const shop = shopAt(vault, keys)
  await until('a new key', async () => (await shop.call('GET', '/api/applications/key')).status === 200)
  const guess = { headers: { 'x-api-key': keys.api_key.replace(/.{8}$/, 'aaaaaaaa') } }
  for (let round = 0; round < 3; round++) {
    for (let failure = 1; failure <= 9; failure++) await shop.call('GET', '/api/applications/key', guess)
    expect(await shop.call('GET', '/api/applications/key')).toMatchObject({ status: 200 })
  }
})

test('a key does what it is permitted and no more', async () => {
  const [noCards, noForwards] = [
    await createKeys('--deny', 'tokenize'),
    await createKeys('--deny', 'forward'),
  ]
  const [forwards, tokenizes] = [shopAt(vault, noCards), shopAt(vault, noForwards)]
  await until('new keys', async () => (await tokenizes.call('GET', '/api/applications/key')).status === 200)
  const refused = notFound('This API key does not have permission for this operation')

  const { token } = await tokenizes.tokenize(card)
  const body = chargeBody({ token, url })
  const forwarded = await tokenizes.call('POST', '/proxy/transaction', { body })
  expect(forwarded).toMatchObject({ status: 403, sent: 'no', body: refused })
  expect(await forwards.call('POST', '/proxy/transaction', { body })).toMatchObject({ status: 200 })
  for (const path of ['/tokenize', '/test-tokens'])
    expect(await forwards.call('POST', path, { body: tokenizeBody(card) })).toMatchObject({
      status: 403,
      body: refused,
    })
  expect(await forwards.call('GET', '/api/applications/key')).toMatchObject({
    status: 200,
    body: { data: { permissions: { tokenization: { allowed: false }, provisioning: { allowed: false } } } },
  })
})

test('what a key may do is told with the tenant and the credential', async () => {
  const reply = await other.call('GET', '/api/applications/key')
  expect(reply.body).toEqual({
    success: true,
    message: 'API key is valid',
    data: {
      project_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      application_id: other.keys.credential_id,
      name: 'other',
      permissions: { tokenization: { allowed: true }, provisioning: { allowed: false } },
    },
  })
})

test('a scope that is linked to a second tenant makes its tokens usable there, and its sessions not', async () => {
  const linked = await openShop(scenario, 'linked')
  const { token, session } = await demo.tokenize(card)
  expect(await probe(linked, token, url)).toBe('Token not found')
  const { tenants } = await command<{ tenants: { name: string; token_scope: string }[] }>('tenant', 'list')
  const scope = tenants.find(({ name }) => name === 'demo')?.token_scope ?? ''
  expect(await command('scope', 'link', scope, '--tenant', 'linked')).toMatchObject({
    token_scope: scope,
    linked: true,
  })
  await until('a link', async () => (await probe(linked, token, url)) !== 'Token not found')

  await allowProvider(scenario, linked, provider, 'linked')
  expect(await probe(linked, token, url)).toBe(codeRequired)
  expect(await linked.charge({ token, url })).toMatchObject({ status: 200, sent: 'yes' })
  const foreign = await linked.charge({ token, session, url })
  expect(foreign).toMatchObject({ status: 404, body: { message: 'CVC session expired or not found' } })
  expect(await probe(other, token, url)).toBe('Token not found')
})

test('a tenant whose policy holds no codes keeps cards without them', async () => {
  const strict = await openShop(scenario, 'strict')
  await command('tenant', 'policy', 'set', 'strict', '--hold', 'off', '--ttl', '60', '--uses', '1')
  const made = await until('a policy', async () => {
    const tokenized = await strict.tokenize(card)
    return tokenized.session === '' ? tokenized : undefined
  })
  expect(made.body).not.toHaveProperty('cvc_session_id')
})
