import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, describe, expect, test } from 'vitest'
import type { ScopeId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/result.ts'
import { changeScope } from './change-scope.ts'
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

const plain = { deduplicates: true, networkTokens: undefined }

const actionsOf = async ({ store }: TestVault): Promise<readonly unknown[]> =>
  (await store.auditEntries(0, 100)).map(({ text }) => (JSON.parse(text) as unknown[])[2])

test.each([true, false])(
  'a scope has keys of its own and is linked to its tenant; de-duplicates: %s',
  async (deduplicates) => {
    const { vault, tenant, ports } = await open()
    const made = await createScope(ports, testOperator, tenant, { ...plain, deduplicates })
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
  const results = await Promise.all([1, 2, 3].map(() => createScope(ports, testOperator, tenant, plain)))
  for (const made of results)
    expect(made.ok && (await vault.store.scope(made.value.id))).toMatchObject({ deduplicates: true })
})

test('it is given up if every attempt is in conflict', async () => {
  const { vault, tenant, ports } = await open()
  const store = interceptCommits(vault.store, async () => refuse({ type: 'Conflict', change: 'put-key-set' }))
  expect(await createScope({ ...ports, store }, testOperator, tenant, plain)).toEqual(
    refuse({ type: 'Contended' }),
  )
})

describe('a scope that asks card schemes for something', () => {
  const networkTokens = { networkToken: true, accountReference: true, requestor: 'merchant' } as const

  test('is made with its settings, and the audit log says who is asked', async () => {
    const { vault, ports } = await open()
    const trial = await addTenant(vault, 'trial', { environment: 'test' })
    const made = await createScope(ports, testOperator, trial, { ...plain, networkTokens })
    expect(made).toMatchObject({ ok: true, value: { networkTokens } })
    expect(made.ok && (await vault.store.scope(made.value.id))?.networkTokens).toEqual(networkTokens)
    const entries = await vault.store.auditEntries(0, 100)
    expect((JSON.parse(entries.at(-1)?.text ?? '[]') as unknown[])[9]).toEqual({
      deduplicates: true,
      ...networkTokens,
      provider: 'simulator',
    })
  })

  test('is refused where nobody gives them out, and nothing is written', async () => {
    const { vault, tenant, ports } = await open()
    const { seq } = await vault.store.auditHead()
    expect(await createScope(ports, testOperator, tenant, { ...plain, networkTokens })).toEqual(
      refuse({ type: 'NoNetworkTokenProvider' }),
    )
    expect((await vault.store.auditHead()).seq).toBe(seq)
  })
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

test('a scope whose network tokens are issued to one merchant is shared with no other', async () => {
  const { vault } = await open()
  const [owner, other] = [
    await addTenant(vault, 'owner', { environment: 'test' }),
    await addTenant(vault, 'other', { environment: 'test' }),
  ]
  const scopeId = owner.defaultScopeId
  const settings = { networkToken: true, accountReference: true } as const
  const ask = (requestor: 'merchant' | 'vault') =>
    changeScope(vault, testOperator, scopeId, { ...settings, requestor })
  await ask('merchant')
  const { seq } = await vault.store.auditHead()
  expect(await linkScope(vault, testOperator, scopeId, other)).toEqual(
    refuse({ type: 'RequestorOfOneTenant' }),
  )
  expect(await linkScope(vault, testOperator, scopeId, owner)).toEqual(refuse({ type: 'AlreadyLinked' }))
  expect(await vault.store.isLinked(scopeId, other.id)).toBe(false)
  expect((await vault.store.auditHead()).seq).toBe(seq)
  await ask('vault')
  expect((await linkScope(vault, testOperator, scopeId, other)).ok).toBe(true)
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
