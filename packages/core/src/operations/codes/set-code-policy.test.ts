import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, describe, expect, test } from 'vitest'
import { type CodePolicy, unlimitedUses } from '../../codes/policy.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { setCodePolicy } from './set-code-policy.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop')
  const policyOf = async (id: Tenant['id']) => (await vault.store.tenant(id))?.codePolicy
  return { vault, tenant, policyOf }
}

/** The last entry as it is written: place, time, and what `toEqual` is told below. */
const lastEntry = async ({ store }: TestVault): Promise<readonly unknown[]> => {
  const { seq } = await store.auditHead()
  const [entry] = await store.auditEntries(seq - 1, 1)
  return (JSON.parse(entry?.text ?? '[]') as unknown[]).slice(2)
}

const policy: CodePolicy = { hold: true, ttlMs: 60_000, uses: 2, destinations: undefined }
const limited: CodePolicy = {
  ...policy,
  hold: false,
  destinations: ['https://a.example', 'https://b.example'],
}

test.each([policy, limited])('a policy is kept as it was set, for this tenant only', async (wished) => {
  const { vault, tenant, policyOf } = await open()
  const other = await addTenant(vault, 'other')
  expect(await setCodePolicy(vault, testOperator, tenant, wished)).toEqual({ ok: true, value: undefined })
  expect(await policyOf(tenant.id)).toEqual(wished)
  expect(await policyOf(other.id)).toBeUndefined()
})

test('a later policy takes the place of an earlier one whole', async () => {
  const { vault, tenant, policyOf } = await open()
  for (const wished of [limited, policy, limited]) {
    await setCodePolicy(vault, testOperator, tenant, wished)
    expect(await policyOf(tenant.id)).toEqual(wished)
  }
})

test('a tenant goes back to the default of each dialect', async () => {
  const { vault, tenant, policyOf } = await open()
  await setCodePolicy(vault, testOperator, tenant, limited)
  expect(await setCodePolicy(vault, testOperator, tenant, undefined)).toMatchObject({ ok: true })
  expect(await policyOf(tenant.id)).toBeUndefined()
})

describe('the audit log says', () => {
  test.each<readonly [string, CodePolicy | undefined, object]>([
    ['what was set', policy, { hold: true, ttlMs: 60_000, uses: 2, destinations: 'any' }],
    [
      'where to, if that was said',
      limited,
      { hold: false, ttlMs: 60_000, uses: 2, destinations: 'https://a.example https://b.example' },
    ],
    ['that the default is back', undefined, { codePolicy: 'default' }],
  ])('%s, and who did it', async (_, wished, details) => {
    const { vault, tenant } = await open()
    await setCodePolicy(vault, testOperator, tenant, wished)
    const actor = ['operator', testOperator.name]
    expect(await lastEntry(vault)).toEqual([
      ...['tenant.changed', 'success', tenant.id, actor, null, null],
      ['tenant', tenant.id],
      details,
    ])
  })
})

test.each<readonly [keyof CodePolicy, Partial<CodePolicy>]>([
  ['ttlMs', { ttlMs: 3_600_001 }],
  ['uses', { uses: 11 }],
  ['uses', { uses: unlimitedUses }],
  ['destinations', { destinations: Array.from({ length: 11 }, (_, at) => `https://${at}.example`) }],
])('a policy beyond what any tenant may have changes nothing: %s', async (setting, parts) => {
  const { vault, tenant, policyOf } = await open()
  await setCodePolicy(vault, testOperator, tenant, policy)
  const { seq } = await vault.store.auditHead()
  expect(await setCodePolicy(vault, testOperator, tenant, { ...policy, ...parts })).toEqual({
    ok: false,
    error: { type: 'PolicyTooWide', setting },
  })
  expect(await policyOf(tenant.id)).toEqual(policy)
  expect((await vault.store.auditHead()).seq).toBe(seq)
})
