import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { testCards } from '@cardkeep/testing/canary/cards'
import { request } from 'undici'
import { expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { openShop, startScenario } from './support/scenario.ts'
import type { Keys, Shop } from './support/shop.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scenario = await startScenario()
const { demo, vault, command, shopAt } = scenario

/** A credential of a tenant that may ask for clear numbers. */
const permitted = async (tenant: string): Promise<Keys> =>
  command<Keys & { credential_id: string }>(
    'credential',
    'create',
    '--tenant',
    tenant,
    '--dialect',
    'ozura',
    '--permit',
    'detokenize',
  )

interface Revealed {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** Not by the shop's client, which writes down what is replied: what comes here is what must never be on a disk. */
const detokenize = async (keys: Keys, token: unknown): Promise<Revealed> => {
  const { statusCode, headers, body } = await request(`${vault.url}/detokenize`, {
    method: 'POST',
    headers: { 'x-api-key': keys.api_key, 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  })
  return { status: statusCode, headers, text: await body.text() }
}

const tokenFor = async (shop: Shop, body: object): Promise<unknown> => {
  const made = await shop.call('POST', '/tokenize', { body })
  expect(made.status).toBe(201)
  return made.body['token']
}

const card = {
  cardNumber: testCards.visa,
  expirationMonth: '03',
  expirationYear: '31',
  cvv: '947',
  firstName: 'Ada',
}

test('a credential may not ask for clear numbers unless it was made to', async () => {
  const token = await tokenFor(demo, { type: 'card', data: card })
  const refused = await detokenize(scenario.demoKeys, token)
  expect(refused.status).toBe(403)
  expect(JSON.parse(refused.text)).toEqual({
    success: false,
    message: 'This API key does not have permission for this operation',
    data: null,
  })
})

test('one that was is told the card with its names and never its code, and nothing keeps the reply', async () => {
  const keys = await permitted('demo')
  const token = await tokenFor(demo, { type: 'card', data: card })
  const revealed = await detokenize(keys, token)
  expect(revealed).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } })
  expect(JSON.parse(revealed.text)).toEqual({
    success: true,
    data: {
      cardNumber: testCards.visa,
      expirationMonth: '03',
      expirationYear: '31',
      firstName: 'Ada',
    },
  })
})

test('an account is told by the names that it came with', async () => {
  const keys = await permitted('demo')
  const data = {
    accountNumber: '000123456789',
    routingNumber: '110000000',
    accountType: 'savings',
    lastName: 'Lovelace',
  }
  const token = await tokenFor(demo, { type: 'bank', data })
  expect(JSON.parse((await detokenize(keys, token)).text)).toEqual({ success: true, data })
})

test('what was asked for and told stands in the audit log, the intent first', async () => {
  const keys = await permitted('demo')
  const token = await tokenFor(demo, { type: 'card', data: card })
  const told = await detokenize(keys, token)
  const { entries } = await exportAudit(scenario, 'reveal.jsonl')
  const [intent, success] = entries.filter(
    ({ action, requestId }) => action === 'card.reveal' && requestId === told.headers['x-request-id'],
  )
  expect([intent?.outcome, success?.outcome]).toEqual(['intent', 'success'])
  expect(intent).toMatchObject({
    actor: ['credential', expect.any(String)],
    origin: '127.0.0.1',
    subject: ['token', expect.any(String)],
  })
  expect(success?.details).toEqual(intent?.details)
})

test('a token that is suspended, deleted or of another tenant is told to nobody', async () => {
  const keys = await permitted('demo')
  const stranger = await openShop(scenario, 'stranger')
  const theirs = await tokenFor(stranger, { type: 'card', data: card })
  const own = await tokenFor(demo, { type: 'card', data: card })
  await command('token', 'suspend', String(own))
  for (const token of [theirs, own, `tok_${'a'.repeat(26)}`, 'x']) {
    const { status, text } = await detokenize(keys, token)
    expect(status).toBe(404)
    expect(JSON.parse(text)).toEqual({ success: false, message: 'Token not found', data: null })
  }
})

test('a body with anything but a token is refused', async () => {
  const keys = await permitted('demo')
  const shop = shopAt(vault, keys)
  for (const [body, message] of [
    [{}, 'Missing required field: token'],
    [{ token: 1 }, 'Invalid value for token'],
    [{ token: 'x', cvc_session_id: 'y' }, 'Invalid value for cvc_session_id'],
  ] as const)
    expect(await shop.call('POST', '/detokenize', { body })).toMatchObject({ status: 400, body: { message } })
})

test('the log holds nothing of what was told', () => {
  // It is searched for card numbers after the run; that it holds no account's either is seen here.
  expect(readFileSync(join(scenario.folder, 'vault.log'), 'utf8')).not.toContain('000123456789')
})
