import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, describe, expect, test } from 'vitest'
import type { CredentialId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/result.ts'
import type { Environment, Tenant } from '../../tenants/tenant.ts'
import { createCredential, revokeCredential } from './change-credentials.ts'
import { createTenant, demoTenantName } from './create-tenant.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  return { vault, ports: { ...vault, keys: vault.keyring } }
}

const addCredential = async (vault: TestVault, tenant: Tenant): Promise<CredentialId> => {
  const id = vault.ids.uuid() as CredentialId
  await createCredential(vault, testOperator, tenant, {
    id,
    dialect: 'ozura',
    permissions: ['tokenize'],
    hash: new Uint8Array(32),
    publicKey: undefined,
    expiresAt: undefined,
  })
  return id
}

const isRevoked = async ({ store }: TestVault, id: CredentialId): Promise<boolean> =>
  (await store.credential(id))?.revokedAt !== undefined

const wish = { name: 'shop', environment: 'live', deduplicates: true } as const

test('a tenant comes with a scope that it is linked to and with the keys of both', async () => {
  const { vault, ports } = await open()
  const made = await createTenant(ports, testOperator, wish)
  const tenant = await vault.store.tenantNamed('shop')
  expect(made).toEqual({ ok: true, value: tenant })
  expect(tenant).toMatchObject({
    name: 'shop',
    environment: 'live',
    codePolicy: undefined,
    createdAt: vault.clock.now(),
  })
  if (!tenant) throw new Error('there is no tenant')
  const { defaultScopeId: scopeId } = tenant
  expect(await vault.store.scope(scopeId)).toMatchObject({ environment: 'live', deduplicates: true })
  expect(await vault.store.isLinked(scopeId, tenant.id)).toBe(true)
  const keys = (await vault.store.keys()).filter(
    ({ owner }) => owner.id === scopeId || owner.id === tenant.id,
  )
  expect(keys.map(({ purpose }) => purpose).toSorted()).toEqual([
    'capture',
    'card',
    'client-tls',
    'code',
    'fingerprint',
    'provider-header',
    'webhook',
  ])
  expect(new Set(keys.map(({ environment }) => environment))).toEqual(new Set(['live']))
  for (const purpose of ['card', 'code', 'fingerprint'] as const)
    expect(vault.keyring.find(purpose, { type: 'scope', id: scopeId })?.active).toBeDefined()
})

test('who made it is written down', async () => {
  const { vault, ports } = await open()
  const made = await createTenant(ports, testOperator, wish)
  const [entry] = await vault.store.auditEntries((await vault.store.auditHead()).seq - 1, 1)
  const id = made.ok && made.value.id
  expect((JSON.parse(entry?.text ?? '') as unknown[]).slice(2)).toEqual([
    'tenant.created',
    'success',
    id,
    ['operator', 'operator'],
    null,
    null,
    ['tenant', id],
    { environment: 'live', deduplicates: true },
  ])
})

test('a name is taken once, in either environment', async () => {
  const { vault, ports } = await open()
  await addTenant(vault, 'shop')
  expect(await createTenant(ports, testOperator, { ...wish, environment: 'test' })).toEqual(
    refuse({ type: 'NameTaken', name: 'shop' }),
  )
  expect(await vault.store.tenants()).toHaveLength(1)
})

test('of several that make tenants at once each name is taken once, and no keys are lost', async () => {
  const { vault, ports } = await open()
  const names = ['a', 'a', 'b', 'c']
  const results = await Promise.all(names.map((name) => createTenant(ports, testOperator, { ...wish, name })))
  const tenants = await vault.store.tenants()
  expect(tenants.map(({ name }) => name).toSorted()).toEqual(['a', 'b', 'c'])
  expect(results.filter(({ ok }) => ok)).toHaveLength(3)
  for (const { defaultScopeId } of tenants)
    expect(vault.keyring.find('card', { type: 'scope', id: defaultScopeId })?.active).toBeDefined()
})

test('it is given up if every attempt is in conflict, and leaves nothing', async () => {
  const { vault, ports } = await open()
  const store = interceptCommits(vault.store, async () => refuse({ type: 'Conflict', change: 'put-key-set' }))
  expect(await createTenant({ ...ports, store }, testOperator, wish)).toEqual(refuse({ type: 'Contended' }))
  expect(await vault.store.tenants()).toEqual([])
})

describe('credentials of the demo tenant', () => {
  const openDemo = async (environment: Environment = 'test') => {
    const { vault, ports } = await open()
    const demo = await addTenant(vault, demoTenantName, { environment })
    const credentials = [await addCredential(vault, demo), await addCredential(vault, demo)]
    return { vault, ports, credentials }
  }

  test('end with the first live tenant, in its own commit, and each end is written down', async () => {
    const { vault, ports, credentials } = await openDemo()
    const other = await addTenant(vault, 'trial', { environment: 'test' })
    const kept = await addCredential(vault, other)
    expect(await Promise.all(credentials.map((id) => isRevoked(vault, id)))).toEqual([false, false])
    let commits = 0
    const store = interceptCommits(vault.store, async (_, commit) => {
      commits++
      return commit()
    })
    expect((await createTenant({ ...ports, store }, testOperator, wish)).ok).toBe(true)
    expect(commits).toBe(1)
    expect(await Promise.all(credentials.map((id) => isRevoked(vault, id)))).toEqual([true, true])
    expect(await isRevoked(vault, kept)).toBe(false)
    const entries = (await vault.store.auditEntries(0, 100)).map(({ text }) => JSON.parse(text) as unknown[])
    const revoked = entries.filter(([, , action]) => action === 'credential.revoked')
    expect(revoked.map(([, , , , , , , , subject]) => subject)).toEqual(
      credentials.map((id) => ['credential', id]),
    )
    expect(revoked.map(([, , , , , , , , , details]) => details)).toEqual([{ demo: true }, { demo: true }])
  })

  test('stay while there are only test tenants', async () => {
    const { vault, credentials } = await openDemo()
    await addTenant(vault, 'trial', { environment: 'test' })
    expect(await Promise.all(credentials.map((id) => isRevoked(vault, id)))).toEqual([false, false])
  })

  test('that are revoked already stand in nobodys way', async () => {
    const { vault, ports, credentials } = await openDemo()
    for (const id of credentials) await revokeCredential(vault, testOperator, id)
    expect((await createTenant(ports, testOperator, wish)).ok).toBe(true)
  })

  test('that somebody revokes at the same moment stand in nobodys way', async () => {
    const { vault, ports, credentials } = await openDemo()
    const [first] = credentials
    let isFirst = true
    const store = interceptCommits(vault.store, async (_, commit) => {
      if (isFirst && first) {
        isFirst = false
        await revokeCredential(vault, testOperator, first)
      }
      return commit()
    })
    expect((await createTenant({ ...ports, store }, testOperator, wish)).ok).toBe(true)
    expect(await Promise.all(credentials.map((id) => isRevoked(vault, id)))).toEqual([true, true])
  })

  test('are not those of a live tenant that happens to be called so', async () => {
    const { vault, ports, credentials } = await openDemo('live')
    expect((await createTenant(ports, testOperator, wish)).ok).toBe(true)
    expect(await Promise.all(credentials.map((id) => isRevoked(vault, id)))).toEqual([false, false])
  })
})
