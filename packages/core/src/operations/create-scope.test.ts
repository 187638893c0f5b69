import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import type { ScopeId } from '../kernel/ids.ts'
import { refuse } from '../kernel/result.ts'
import { createScope, linkScope } from './create-scope.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop')
  return { vault, tenant, ports: { ...vault, keys: vault.keyring } }
}

const actionsOf = async ({ store }: TestVault): Promise<readonly unknown[]> =>
  (await store.auditEntries(0, 100)).map(({ text }) => (JSON.parse(text) as unknown[])[2])

test.each([true, false])(
  'a scope has keys of its own and is linked to its tenant; de-duplicates: %s',
  async (deduplicates) => {
    const { vault, tenant, ports } = await open()
    const made = await createScope(ports, testOperator, tenant, deduplicates)
    if (!made.ok) throw new Error('refused')
    const { id } = made.value
    expect(await vault.store.scope(id)).toEqual(made.value)
    expect(made.value).toMatchObject({ environment: 'live', deduplicates })
    expect(await vault.store.isLinked(id, tenant.id)).toBe(true)
    for (const purpose of ['card', 'code', 'fingerprint'] as const)
      expect(vault.keyring.find(purpose, { type: 'scope', id })?.active).toBeDefined()
    expect((await actionsOf(vault)).at(-1)).toBe('scope.created')
  },
)

test('a scope is made although others change the keys at the same time', async () => {
  const { vault, tenant, ports } = await open()
  const results = await Promise.all([1, 2, 3].map(() => createScope(ports, testOperator, tenant, true)))
  for (const made of results)
    expect(made.ok && (await vault.store.scope(made.value.id))).toMatchObject({ deduplicates: true })
})

test('it is given up if every attempt is in conflict', async () => {
  const { vault, tenant, ports } = await open()
  const store = interceptCommits(vault.store, async () => refuse({ type: 'Conflict', change: 'put-key-set' }))
  expect(await createScope({ ...ports, store }, testOperator, tenant, true)).toEqual(
    refuse({ type: 'Contended' }),
  )
})

test('another tenant may be linked to a scope, once', async () => {
  const { vault, tenant } = await open()
  const friend = await addTenant(vault, 'friend')
  const { defaultScopeId } = tenant
  expect(await vault.store.isLinked(defaultScopeId, friend.id)).toBe(false)
  expect((await linkScope(vault, testOperator, defaultScopeId, friend)).ok).toBe(true)
  expect(await vault.store.isLinked(defaultScopeId, friend.id)).toBe(true)
  expect((await actionsOf(vault)).at(-1)).toBe('scope.linked')
  expect(await linkScope(vault, testOperator, defaultScopeId, friend)).toEqual(
    refuse({ type: 'AlreadyLinked' }),
  )
})

test('a scope is never shared between test and live', async () => {
  const { vault, tenant } = await open()
  const trial = await addTenant(vault, 'trial', { environment: 'test' })
  const differ = refuse({ type: 'EnvironmentsDiffer' })
  expect(await linkScope(vault, testOperator, tenant.defaultScopeId, trial)).toEqual(differ)
  expect(await linkScope(vault, testOperator, trial.defaultScopeId, tenant)).toEqual(differ)
  expect(await vault.store.isLinked(tenant.defaultScopeId, trial.id)).toBe(false)
})

test('a scope that there is not cannot be linked', async () => {
  const { vault, tenant } = await open()
  const scope = '00000000-0000-4000-8000-0000deadbeef' as ScopeId
  expect(await linkScope(vault, testOperator, scope, tenant)).toEqual(
    refuse({ type: 'ScopeNotFound', scope }),
  )
})
