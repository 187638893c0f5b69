import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, describe, expect, test } from 'vitest'
import type { ScopeId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/result.ts'
import { changeScope } from './change-scope.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  const [trial, live] = [
    await addTenant(vault, 'trial', { environment: 'test' }),
    await addTenant(vault, 'shop'),
  ]
  const settingsOf = async (id: ScopeId) => (await vault.store.scope(id))?.networkTokens
  return { vault, trial: trial.defaultScopeId, live: live.defaultScopeId, settingsOf }
}

/** From the action on, as it is written. */
const lastEntry = async ({ store }: TestVault): Promise<readonly unknown[]> => {
  const { seq } = await store.auditHead()
  const [entry] = await store.auditEntries(seq - 1, 1)
  return (JSON.parse(entry?.text ?? '[]') as unknown[]).slice(2)
}

const both = { networkToken: true, accountReference: true, requestor: 'merchant' } as const
const referenceOnly = { networkToken: false, accountReference: true, requestor: 'vault' } as const

describe('what a scope asks of card schemes', () => {
  test('is set, becomes another and is taken away, for this scope only', async () => {
    const { vault, trial, settingsOf } = await open()
    const other = (await addTenant(vault, 'other', { environment: 'test' })).defaultScopeId
    for (const settings of [both, referenceOnly, undefined, both]) {
      const changed = await changeScope(vault, testOperator, trial, settings)
      expect(changed).toEqual({ ok: true, value: await vault.store.scope(trial) })
      expect(await settingsOf(trial)).toEqual(settings)
      expect(await settingsOf(other)).toBeUndefined()
    }
  })

  test.each([
    ['what is asked and of whom', both, { networkTokens: true, ...both, provider: 'simulator' }],
    ['that nothing is', undefined, { networkTokens: false }],
  ])('is in the audit log: %s', async (_, settings, details) => {
    const { vault, trial } = await open()
    await changeScope(vault, testOperator, trial, settings)
    expect(await lastEntry(vault)).toEqual([
      ...['scope.changed', 'success', null, ['operator', testOperator.name], null, null],
      ['scope', trial],
      details,
    ])
  })

  test('is refused for a live scope, whose schemes nobody can ask, and nothing is written', async () => {
    const { vault, live, settingsOf } = await open()
    const { seq } = await vault.store.auditHead()
    expect(await changeScope(vault, testOperator, live, both)).toEqual(
      refuse({ type: 'NoNetworkTokenProvider' }),
    )
    expect(await settingsOf(live)).toBeUndefined()
    expect((await vault.store.auditHead()).seq).toBe(seq)
  })

  test('is asked in the name of one merchant only where no other may use the scope', async () => {
    const { vault, trial, settingsOf } = await open()
    const other = await addTenant(vault, 'other', { environment: 'test' })
    expect((await changeScope(vault, testOperator, trial, both)).ok).toBe(true)
    await changeScope(vault, testOperator, trial, referenceOnly)
    await vault.store.commit([{ type: 'link-scope', scopeId: trial, tenantId: other.id }])
    expect(await changeScope(vault, testOperator, trial, both)).toEqual(
      refuse({ type: 'RequestorOfOneTenant' }),
    )
    expect(await settingsOf(trial)).toEqual(referenceOnly)
    for (const settings of [undefined, referenceOnly])
      expect((await changeScope(vault, testOperator, trial, settings)).ok).toBe(true)
  })

  test('can be taken away where nobody gives it out any more', async () => {
    const { vault, trial, settingsOf } = await open()
    await changeScope(vault, testOperator, trial, both)
    const ports = { ...vault, networkTokens: () => undefined }
    expect(await changeScope(ports, testOperator, trial, undefined)).toMatchObject({ ok: true })
    expect(await settingsOf(trial)).toBeUndefined()
  })
})

test('a scope that there is not cannot be changed', async () => {
  const { vault } = await open()
  const scope = '00000000-0000-4000-8000-0000deadbeef' as ScopeId
  expect(await changeScope(vault, testOperator, scope, undefined)).toEqual(
    refuse({ type: 'ScopeNotFound', scope }),
  )
})

test('a conflict is told', async () => {
  const { vault, trial } = await open()
  const store = interceptCommits(vault.store, async () =>
    refuse({ type: 'Conflict', change: 'set-network-tokens' }),
  )
  expect(await changeScope({ ...vault, store }, testOperator, trial, both)).toEqual(
    refuse({ type: 'Contended' }),
  )
})
