import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import { UnavailableError } from '../../errors.ts'
import { refuse } from '../../kernel/result.ts'
import { setCodePolicy } from '../codes/set-code-policy.ts'
import { findTenant } from './find-tenant.ts'
import { sealVault } from './seal-vault.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  return { vault, tenant: await addTenant(vault, 'shop') }
}

const lastEntry = async ({ store }: TestVault): Promise<unknown[]> => {
  const [entry] = await store.auditEntries((await store.auditHead()).seq - 1, 1)
  return JSON.parse(entry?.text ?? '[]') as unknown[]
}

test('the vault is shut and opened again, and both are written down', async () => {
  const { vault } = await open()
  expect(await vault.store.isSealed()).toBe(false)
  await sealVault(vault, testOperator, true)
  expect(await vault.store.isSealed()).toBe(true)
  expect((await lastEntry(vault)).slice(2, 6)).toEqual([
    'vault.sealed',
    'success',
    null,
    ['operator', 'operator'],
  ])
  await sealVault(vault, testOperator, false)
  expect(await vault.store.isSealed()).toBe(false)
  expect((await lastEntry(vault))[2]).toBe('vault.unsealed')
})

test('codes of before go when the vault is shut, and again before it opens, where they may not have gone', async () => {
  const { vault } = await open()
  const sealedAt: boolean[] = []
  const codes = { dropAll: async () => void sealedAt.push(await vault.store.isSealed()) }
  await sealVault({ ...vault, codes }, testOperator, true)
  expect(sealedAt).toEqual([true])
  await sealVault({ ...vault, codes }, testOperator, false)
  expect(sealedAt).toEqual([true, true])
  await sealVault({ ...vault, codes }, testOperator, false)
  expect(sealedAt).toEqual([true, true])
})

test('a vault stays shut while the codes of before cannot be dropped', async () => {
  const { vault } = await open()
  await sealVault(vault, testOperator, true)
  const codes = { dropAll: () => Promise.reject(new UnavailableError('away')) }
  await expect(sealVault({ ...vault, codes }, testOperator, false)).rejects.toThrow(UnavailableError)
  expect(await vault.store.isSealed()).toBe(true)
  await expect(sealVault({ ...vault, codes }, testOperator, true)).rejects.toThrow(UnavailableError)
  expect(await vault.store.isSealed()).toBe(true)
})

test('the policy of a tenant is set, and written down', async () => {
  const { vault, tenant } = await open()
  const policy = { hold: false, ttlMs: 1_000, uses: 2, destinations: ['https://psp.example'] }
  await setCodePolicy(vault, testOperator, tenant, policy)
  expect((await vault.store.tenant(tenant.id))?.codePolicy).toEqual(policy)
  const entry = await lastEntry(vault)
  expect(entry[2]).toBe('tenant.changed')
  expect(entry[9]).toEqual({ ...policy, destinations: 'https://psp.example' })
})

test('a tenant is found by its name or by its id, in either case of it', async () => {
  const { vault, tenant } = await open()
  for (const text of ['shop', tenant.id, tenant.id.toUpperCase()])
    expect(await findTenant(vault.store, text)).toEqual({ ok: true, value: tenant })
})

test.each(['', 'shops', 'SHOP', '00000000-0000-4000-8000-0000deadbeef'])(
  'there is no tenant "%s"',
  async (text) => {
    const { vault } = await open()
    expect(await findTenant(vault.store, text)).toEqual(refuse({ type: 'TenantNotFound', tenant: text }))
  },
)
