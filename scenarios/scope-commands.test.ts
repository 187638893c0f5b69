import { expect, test, vi } from 'vitest'
import { runToEnd } from './support/refused-command.ts'
import { startScenario } from './support/scenario.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scenario = await startScenario()
const { command } = scenario
const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)

const refusedWith = async (...words: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await runToEnd(scenario, [...words, '--json'])
  expect([code === 0, stdout]).toEqual([false, ''])
  return stderr
}

test('what a scope asks of card schemes is said when it is made and changed, with who is asked', async () => {
  const create = ['scope', 'create', '--tenant', 'demo']
  const made = await command<{ token_scope: string }>(
    ...create,
    ...['--network-tokens', '--account-reference', '--token-requestor', 'merchant'],
  )
  const { token_scope } = made
  expect(made).toEqual({
    ...{ token_scope: uuid, deduplicates: true, environment: 'test' },
    ...{ network_tokens: true, account_reference: true, token_requestor: 'merchant', provider: 'simulator' },
  })
  // Shown is only what the tenant asked for in its own name.
  expect(await command('scope', 'change', token_scope, '--account-reference')).toEqual({
    ...{ token_scope, network_tokens: false, account_reference: true },
    ...{ token_requestor: 'vault', provider: 'simulator' },
  })
  expect(await command('scope', 'change', token_scope, '--none')).toEqual({
    ...{ token_scope, network_tokens: false, account_reference: false },
  })
})

test('nothing is asked of schemes for a live tenant, because nobody can ask them', async () => {
  const live = await command<{ token_scope: string }>('tenant', 'create', 'live-shop', '--live')
  for (const words of [
    ['scope', 'create', '--tenant', 'live-shop'],
    ['scope', 'change', live.token_scope],
  ])
    expect(await refusedWith(...words, '--network-tokens')).toBe(
      'cardkeep: nobody issues network tokens to live tenants here\n',
    )
})

test.each<readonly [string, readonly string[], string]>([
  ['nothing', [], 'say either --network-tokens or --account-reference, or --none'],
  ['both', ['--network-tokens', '--none'], 'say either --network-tokens or --account-reference, or --none'],
  [
    'a requestor of nothing',
    ['--token-requestor', 'merchant', '--none'],
    '--token-requestor goes with --network-tokens or --account-reference',
  ],
  [
    'a requestor that is neither',
    ['--network-tokens', '--token-requestor', 'shop'],
    'one of merchant, vault',
  ],
])('a change to %s is none', async (_, options, reason) => {
  const { token_scope } = await command<{ token_scope: string }>('scope', 'create', '--tenant', 'demo')
  expect(await refusedWith('scope', 'change', token_scope, ...options)).toContain(reason)
})

test('a scope that there is not is not changed', async () => {
  const nowhere = '00000000-0000-4000-8000-000000000000'
  expect(await refusedWith('scope', 'change', nowhere, '--none')).toBe(
    `cardkeep: there is no scope ${nowhere}\n`,
  )
  expect(await refusedWith('scope', 'change', 'nowhere', '--none')).toBe('cardkeep: a scope id is a UUID\n')
})
