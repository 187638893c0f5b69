import { parseToken, spellBase32, spellPrefixed } from '@cardkeep/core/tokens/spelling'
import { testCards } from '@cardkeep/testing/canary/cards'
import { describe, expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { runToEnd } from './support/refused-command.ts'
import { openShop, startScenario } from './support/scenario.ts'

// A dozen processes, one after the other.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const scenario = await startScenario()
const { command } = scenario
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)

test('a token is shown, found and brought from state to state', async () => {
  const shop = await openShop(scenario, 'shop')
  const { token } = await shop.tokenize({ number: testCards.mastercard, code: '123' })
  const id = parseToken(token)
  if (!id) throw new Error('the vault gave out a token that is none')

  const shown = {
    token_id: id,
    prefixed: token,
    base32: spellBase32(id),
    type: 'card',
    mask: '555555******4444',
    scheme: 'mastercard',
    state: 'active',
    test: false,
    token_scope: shop.scope,
    tenant_id: uuid,
    created_at: time,
    updated_at: time,
    expires_at: null,
    invalidated_at: null,
  }
  expect(spellPrefixed(id)).toBe(token)
  const spellings = [token, spellBase32(id), id]
  const all = await Promise.all(spellings.map((spelling) => command('token', 'show', spelling)))
  expect(all).toEqual(spellings.map(() => shown))

  const find = ['token', 'find', '--last4', '4444', '--tenant', 'shop']
  const listed = { token_id: id, type: 'card', mask: shown.mask, scheme: 'mastercard', state: 'active' }
  expect(await command(...find)).toEqual({
    tokens: [{ ...listed, tenant_id: uuid, created_at: time }],
    cut: false,
  })
  expect(await command('token', 'find', '--last4', '4444', '--tenant', 'demo')).toEqual({
    tokens: [],
    cut: false,
  })

  for (const [move, state, changed] of [
    ['suspend', 'suspended', true],
    ['suspend', 'suspended', false],
    ['activate', 'active', true],
    ['activate', 'active', false],
    ['invalidate', 'invalidated', true],
    ['invalidate', 'invalidated', false],
    ['delete', 'deleted', true],
  ] as const)
    expect(await command('token', move, token)).toEqual({ token_id: id, state, changed })
  expect(await command('token', 'show', token)).toMatchObject({ state: 'deleted', invalidated_at: time })
  expect(await command(...find)).toMatchObject({ tokens: [{ token_id: id, state: 'deleted' }] })
  const moves = ['suspend', 'activate', 'invalidate', 'delete']
  const refused = await Promise.all(moves.map((move) => runToEnd(scenario, ['token', move, token, '--json'])))
  for (const end of refused)
    expect(end).toEqual({ code: 1, stdout: '', stderr: 'cardkeep: there is no such token\n' })

  const { entries } = await exportAudit(scenario)
  const told = entries.filter(({ subject, actor }) => subject?.[1] === id && actor[0] === 'operator')
  expect(told.map(({ action }) => action)).toEqual([
    ...spellings.map(() => 'token.shown'),
    'token.suspended',
    'token.activated',
    'token.invalidated',
    'token.deleted',
    'token.shown',
  ])
})

test('people get the same in lines', async () => {
  const { token } = await scenario.demo.tokenize({ number: testCards.amex })
  const { code, stdout, stderr } = await runToEnd(scenario, ['token', 'find', '--last4', '0005'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain(String(parseToken(token)))
  expect((await runToEnd(scenario, ['token', 'suspend', token])).stdout).toMatch(/^state +suspended$/m)
})

describe('what cannot be done is one line that repeats nothing', () => {
  const number = testCards.visa
  const nobody = '00000000-0000-4000-8000-000000000000'
  test.concurrent.each<readonly [string, readonly string[]]>([
    ['a token that there is not', ['show', nobody]],
    ['a card number in the place of a token', ['show', number]],
    ['a card number to be deleted', ['delete', number]],
    ['a search for a whole number', ['find', '--last4', number]],
    ['a search for a whole number with an equals sign', ['find', `--last4=${number}`]],
    ['a search for a number in groups', ['find', '--last4', '4111', '1111', '1111', '1111']],
    ['a search for a bare number', ['find', number]],
    ['a search for a bare number beside digits', ['find', '--last4', '4444', number]],
    ['a card number in groups', ['show', '4111', '1111', '1111', '1111']],
    ['a card number in the place of a command', [number]],
    ['a search at a card number', ['find', '--last4', '4444', '--tenant', number]],
    ['a search for nothing', ['find']],
    ['a search at a tenant that there is not', ['find', '--last4', '1111', '--tenant', 'nobody']],
  ])('%s', async (_, words) => {
    const end = await runToEnd(scenario, ['token', ...words, '--json'])
    expect(end.stdout).toBe('')
    expect(end.stderr).toMatch(/^(cardkeep|error): [^\n]+\n$/)
    expect(end.stderr).not.toContain('unexpectedly')
    expect(end.stderr).not.toContain('1111')
    expect(end.code).toBe(1)
  })
})
