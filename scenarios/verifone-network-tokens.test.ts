import { parseToken } from '@cardkeep/core/tokens/spelling'
import { testCards } from '@cardkeep/testing/canary/cards'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { idLiteral } from './support/backends.ts'
import type { Json, Reply } from './support/client.ts'
import { runToEnd } from './support/refused-command.ts'
import { readRows } from './support/rows.ts'
import { openShop, startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'
import type { SiteKeys } from './support/verifone.ts'
import { namedIn, type OpenedSite, openScope, openSite, siteAt } from './support/verifone-scenario.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * Network tokens of a test tenant, which a simulator gives out and says so.
 */

const scenario = await startScenario()
const { command } = scenario

let site: OpenedSite
/** Scopes by what they ask of card schemes, and for whom. */
const scopes = { merchant: '', vault: '', referenceOnly: '' }
beforeAll(async () => {
  // The first live tenant ends the demo.
  await openShop(scenario, 'tests')
  site = await openSite(scenario, 'tests')
  const both = ['--network-tokens', '--account-reference']
  scopes.merchant = await openScope(scenario, site, 'tests', [...both, '--token-requestor', 'merchant'])
  scopes.vault = await openScope(scenario, site, 'tests', both)
  scopes.referenceOnly = await openScope(scenario, site, 'tests', [
    ...['--account-reference', '--token-requestor', 'merchant'],
  ])
})

const card = { number: testCards.visa2, code: '123', month: 4, year: 2033 }
const simulator = 'cardkeep-network-tokens'

const bring = (scope: keyof typeof scopes, number: string = card.number): Promise<string> =>
  site.bring({ ...card, number }, { token_scope: scopes[scope] })

const act = (token: string, scheme_token_action: string, more: Json = {}): Promise<Reply> =>
  site.patch(token, { scheme_token_action, ...more })

/** Empty where nothing is told of one. */
const schemeOf = ({ body }: Reply): Json => (body['scheme_token'] ?? {}) as Json

test('a network token is activated, suspended, activated and deleted, and each answer says so', async () => {
  const token = await bring('merchant')
  expect((await site.get(token)).body).not.toHaveProperty('scheme_token')

  const active = await act(token, 'ACTIVATE')
  expect(active.status).toBe(200)
  expect(schemeOf(active)).toEqual({
    status: 'ACTIVE',
    network_token: expect.stringMatching(/^\d{16}$/),
    expiry_month: expect.any(Number),
    expiry_year: expect.any(Number),
    payment_account_reference: expect.stringMatching(/^SIM0[A-Z0-9]{25}$/),
  })
  expect(active.headers[simulator]).toBe('simulator')
  const { network_token, payment_account_reference } = schemeOf(active)
  expect(network_token).not.toBe(card.number)

  // The other answers spell its state in another way.
  const read = await site.get(token)
  expect(schemeOf(read)).toEqual({ ...schemeOf(active), status: 'VALID' })
  expect(read.headers[simulator]).toBe('simulator')
  const again = await site.put(card, { token_scope: scopes.merchant })
  expect(schemeOf(again)).toEqual({ ...schemeOf(active), status: 'VALID' })
  expect(again.headers[simulator]).toBe('simulator')

  for (const [action, patched, got] of [
    ['SUSPEND', 'SUSPENDED', 'SUSPENDED'],
    ['SUSPEND', 'SUSPENDED', 'SUSPENDED'],
    ['ACTIVATE', 'ACTIVE', 'VALID'],
    ['ACTIVATE', 'ACTIVE', 'VALID'],
  ] as const) {
    // Its number is told while it can be used.
    const issued = action === 'SUSPEND' ? {} : schemeOf(active)
    expect(schemeOf(await act(token, action))).toEqual({ ...issued, status: patched })
    expect(schemeOf(await site.get(token))).toEqual({ ...issued, status: got })
  }

  const deleted = await act(token, 'DELETE')
  expect(schemeOf(deleted)).toEqual({ status: 'DELETED' })
  const after = schemeOf(await site.get(token))
  expect([undefined, 'DELETED']).toContain(after['status'])
  expect(after).not.toHaveProperty('network_token')

  // Another may be had, of the same account.
  const fresh = schemeOf(await act(token, 'ACTIVATE'))
  expect(fresh).toMatchObject({ status: 'ACTIVE', payment_account_reference })
  expect(fresh['network_token']).not.toBe(network_token)
})

test('who is not its requestor is told that there is one, and no more', async () => {
  const token = await bring('vault')
  for (const reply of [await act(token, 'ACTIVATE'), await act(token, 'SUSPEND')])
    expect(Object.keys(schemeOf(reply))).toEqual(['status'])
  expect(schemeOf(await site.get(token))).toEqual({ status: 'SUSPENDED' })
})

test('a scope that asks for the account reference alone is given that', async () => {
  const token = await bring('referenceOnly')
  expect(schemeOf(await act(token, 'ACTIVATE'))).toEqual({
    status: 'ACTIVE',
    payment_account_reference: expect.stringMatching(/^SIM0/),
  })
})

test('an account has one reference, whatever token or scope stands for it, and another account another', async () => {
  const references = []
  for (const [scope, number] of [
    ['merchant', testCards.visa3],
    ['referenceOnly', testCards.visa3],
    ['merchant', testCards.mastercard],
  ] as const)
    references.push(schemeOf(await act(await bring(scope, number), 'ACTIVATE'))['payment_account_reference'])
  const [first, second, third] = references
  expect(second).toBe(first)
  expect(third).not.toBe(first)
})

describe('an action is refused, and named', () => {
  const named = ['body.scheme_token_action']
  const expectRefused = async (asking: Promise<Reply>): Promise<void> => {
    const reply = await asking
    expect([reply.status, namedIn(reply)]).toEqual([400, named])
    expect(reply.headers).not.toHaveProperty(simulator)
  }

  test.each(['ACTIVATE', 'SUSPEND', 'DELETE'])(
    '%s in a scope that asks nothing of card schemes',
    async (action) => {
      const token = await site.bring(card)
      await expectRefused(act(token, action))
      // And with it everything that came along.
      await expectRefused(act(token, action, { expiry_year: 2035 }))
      expect((await site.get(token)).body).toMatchObject({ expiry_year: 2033 })
    },
  )

  test.each(['SUSPEND', 'DELETE'])('%s of what there is not', async (action) => {
    await expectRefused(act(await bring('merchant', testCards.discover), action))
  })
})

test('what comes along with an action is done with it', async () => {
  const token = await bring('merchant', testCards.jcb)
  const { body } = await act(token, 'ACTIVATE', { expiry_year: 2035, card_holder_name: 'Jane Holder' })
  expect(body).toMatchObject({
    expiry_year: 2035,
    card_holder_name: 'Jane Holder',
    scheme_token: { status: 'ACTIVE' },
  })
})

test('a token that is relinked has no network token of the card before', async () => {
  const token = await bring('merchant', testCards.discover2)
  const before = schemeOf(await act(token, 'ACTIVATE'))
  await site.patchCard(token, { number: testCards.unionpay, month: 5, year: 2034 })
  const after = schemeOf(await site.get(token))
  expect(['DELETED', undefined]).toContain(after['status'])
  expect(JSON.stringify(after)).not.toContain(String(before['network_token']))
})

test('while its token is suspended the number is not told, nor to keys that only send', async () => {
  const token = await bring('merchant', testCards.visa3)
  const issued = schemeOf(await act(token, 'ACTIVATE'))
  const alone = { status: 'VALID' }
  expect(await site.call('PATCH', `/api/v2/card/${token}/suspend`)).toMatchObject({ status: 204 })
  expect(schemeOf(await site.get(token))).toEqual(alone)
  expect(await site.call('PATCH', `/api/v2/card/${token}/activate`)).toMatchObject({ status: 204 })
  expect(schemeOf(await site.get(token))).toEqual({ ...issued, ...alone })
  const wish = ['--tenant', 'tests', '--dialect', 'verifone', '--deny', 'tokenize']
  const keys = await command<SiteKeys>('credential', 'create', ...wish)
  const senders = siteAt(scenario, keys, { key: { alias: '', armored: '' }, scope: scopes.merchant })
  const read = await until('a new credential', async () => {
    const reply = await senders.get(token)
    return reply.status === 200 && reply
  })
  expect(schemeOf(read)).toEqual(alone)
})

test('what is issued to one merchant is shared with no other: neither is its scope linked, nor one that is', async () => {
  await command('tenant', 'create', 'neighbour')
  const refusal = /belongs to one tenant/
  const link = ['scope', 'link', scopes.merchant, '--tenant', 'neighbour', '--json']
  expect(await runToEnd(scenario, link)).toMatchObject({ code: 1, stderr: expect.stringMatching(refusal) })
  await command('scope', 'link', scopes.vault, '--tenant', 'neighbour')
  const change = [
    'scope',
    'change',
    scopes.vault,
    '--network-tokens',
    '--token-requestor',
    'merchant',
    '--json',
  ]
  expect(await runToEnd(scenario, change)).toMatchObject({ code: 1, stderr: expect.stringMatching(refusal) })
})

test('a token that is deleted takes its network token along', async () => {
  const token = await bring('merchant', testCards.diners)
  const { network_token } = schemeOf(await act(token, 'ACTIVATE'))
  expect(await site.remove(token)).toMatchObject({ status: 204 })
  const { status, body, text } = await site.get(token)
  expect([status, body['token_status']]).toEqual([200, 'DELETED'])
  expect(text).not.toContain(String(network_token))
  const rows = readRows(
    scenario,
    `select status, length(sealed) as length from network_tokens where token_id = ${idLiteral(String(parseToken(token)))}`,
  )
  expect(rows.map(({ status, length }) => [status, Number(length)])).toEqual([['deleted', 0]])
})

test('the log names the simulator, and holds no number of it', async () => {
  const token = await bring('merchant', testCards.mastercard2)
  const { network_token } = schemeOf(await act(token, 'ACTIVATE'))
  const { entries } = await exportAudit(scenario, 'network.jsonl')
  const text = JSON.stringify(entries)
  expect(entries.some(({ details }) => details['provider'] === 'simulator')).toBe(true)
  expect(text).not.toContain(String(network_token))
})

test('a live tenant has no provider: a scope cannot be made to ask for one, and an action is refused', async () => {
  await openShop(scenario, 'live', ['--live'])
  const live = await openSite(scenario, 'live')
  expect(live.keys.api_key).toMatch(/^vf_live_/)
  const made = await runToEnd(scenario, ['scope', 'create', '--tenant', 'live', '--network-tokens', '--json'])
  expect(made).toMatchObject({ code: 1, stdout: '' })
  expect(made.stderr.trimEnd().split('\n')).toHaveLength(1)
  const token = await live.bring(card)
  const reply = await live.patch(token, { scheme_token_action: 'ACTIVATE' })
  expect([reply.status, namedIn(reply)]).toEqual([400, ['body.scheme_token_action']])
})

test('the command says who gives them out', async () => {
  expect(await command('scope', 'create', '--tenant', 'tests', '--network-tokens')).toMatchObject({
    network_tokens: true,
    account_reference: false,
    token_requestor: 'vault',
    provider: 'simulator',
  })
})
