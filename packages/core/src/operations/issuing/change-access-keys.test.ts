import { addIssuer } from '@cardkeep/testing/doubles/issuer'
import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { refuse } from '../../kernel/result.ts'
import { hourMs, minuteMs } from '../../kernel/time.ts'
import type { AccessKeyMaker } from '../../ports.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { purgeAccessKeys, rotateAccessKey } from './change-access-keys.ts'

let vault: TestVault
let tenant: Tenant
beforeEach(async () => {
  vault = await openTestVault()
  const { tenantId } = await addIssuer(vault, 'bank')
  const found = await vault.store.tenant(tenantId)
  if (!found) throw new Error('an issuer without its tenant')
  tenant = found
})
afterEach(() => vault.close())

const entriesSince = async (seq: number): Promise<readonly unknown[][]> =>
  (await vault.store.auditEntries(seq, 50)).map(({ text }) => (JSON.parse(text) as unknown[]).slice(2))

const needsRotation = async (of: Tenant = tenant) => {
  const rotated = await rotateAccessKey(vault, testOperator, of)
  if (!rotated.ok) throw new Error(rotated.error.type)
  return rotated.value
}

test('a new pair takes the place of the one before, and both are written down', async () => {
  const [before] = await vault.store.accessKeys(tenant.id)
  vault.clock.advance(1_000)
  const at = vault.clock.now()
  const { seq } = await vault.store.auditHead()
  const key = await needsRotation()
  expect(key).toMatchObject({ tenantId: tenant.id, createdAt: at, retiredAt: undefined })
  expect(await vault.store.accessKeys(tenant.id)).toEqual([
    { ...before, retiredAt: at },
    { ...key, sealedPrivateKey: new Uint8Array(key.sealedPrivateKey) },
  ])
  const by = ['success', tenant.id, ['operator', testOperator.name], null, null]
  expect(await entriesSince(seq)).toEqual([
    ['access-key.created', ...by, ['access-key', key.id], {}],
    ['access-key.retired', ...by, ['access-key', before?.id], {}],
  ])
})

test('what was retired before stays as it was', async () => {
  await needsRotation()
  const [first] = await vault.store.accessKeys(tenant.id)
  vault.clock.advance(1_000)
  const key = await needsRotation()
  const keys = await vault.store.accessKeys(tenant.id)
  expect(keys).toHaveLength(3)
  expect(keys[0]).toEqual(first)
  expect(keys.filter(({ retiredAt }) => retiredAt === undefined).map(({ id }) => id)).toEqual([key.id])
})

describe('where a pair is to end at once', () => {
  const rotateAtOnce = () => rotateAccessKey(vault, testOperator, tenant, { endsAtOnce: true })

  test('none before the new one stays, those that were retired already neither', async () => {
    const [first] = await vault.store.accessKeys(tenant.id)
    vault.clock.advance(1_000)
    const second = await needsRotation()
    const { seq } = await vault.store.auditHead()
    vault.clock.advance(1_000)
    const rotated = await rotateAtOnce()
    const key = rotated.ok ? rotated.value : undefined
    expect((await vault.store.accessKeys(tenant.id)).map(({ id }) => id)).toEqual([key?.id])
    const by = ['success', tenant.id, ['operator', testOperator.name], null, null]
    expect(await entriesSince(seq)).toEqual([
      ['access-key.created', ...by, ['access-key', key?.id], {}],
      ['access-key.removed', ...by, ['access-key', first?.id], {}],
      ['access-key.retired', ...by, ['access-key', second.id], {}],
      ['access-key.removed', ...by, ['access-key', second.id], {}],
    ])
  })

  test('pairs of others stay', async () => {
    const { tenantId } = await addIssuer(vault, 'other bank')
    const before = await vault.store.accessKeys(tenantId)
    await rotateAtOnce()
    expect(await vault.store.accessKeys(tenantId)).toEqual(before)
  })

  test('one signs in the end, whatever others do meanwhile', async () => {
    const rotated = await Promise.all([rotateAtOnce(), needsRotation(), rotateAtOnce(), needsRotation()])
    expect(rotated).toHaveLength(4)
    const keys = await vault.store.accessKeys(tenant.id)
    expect(keys.filter(({ retiredAt }) => retiredAt === undefined)).toHaveLength(1)
  })
})

test('pairs of others stay as they are', async () => {
  const { tenantId } = await addIssuer(vault, 'other bank')
  const before = await vault.store.accessKeys(tenantId)
  await needsRotation()
  expect(await vault.store.accessKeys(tenantId)).toEqual(before)
})

test('a tenant that is no issuer gets none, and none is made for it', async () => {
  const shop = await addTenant(vault, 'shop')
  let pairs = 0
  const accessKeys: AccessKeyMaker = {
    make: (place) => {
      pairs++
      return vault.accessKeys.make(place)
    },
  }
  expect(await rotateAccessKey({ ...vault, accessKeys }, testOperator, shop)).toEqual(
    refuse({ type: 'NotAnIssuer' }),
  )
  expect(pairs).toBe(0)
})

test('of several at once each makes its pair once, and one signs in the end', async () => {
  let pairs = 0
  const accessKeys: AccessKeyMaker = {
    make: (place) => {
      pairs++
      return vault.accessKeys.make(place)
    },
  }
  const rotated = await Promise.all(
    Array.from({ length: 4 }, () => rotateAccessKey({ ...vault, accessKeys }, testOperator, tenant)),
  )
  const good = rotated.filter(({ ok }) => ok).length
  expect(pairs).toBe(4)
  const keys = await vault.store.accessKeys(tenant.id)
  expect(keys).toHaveLength(1 + good)
  expect(keys.filter(({ retiredAt }) => retiredAt === undefined)).toHaveLength(1)
})

test('it is given up where every attempt is in conflict, and nothing is written', async () => {
  const store = {
    ...vault.store,
    commit: async () => refuse({ type: 'Conflict', change: 'retire-access-key' } as const),
  }
  expect(await rotateAccessKey({ ...vault, store }, testOperator, tenant)).toEqual(
    refuse({ type: 'Contended' }),
  )
  expect(await vault.store.accessKeys(tenant.id)).toHaveLength(1)
})

test('a retired pair stays for an hour and five minutes, and one that signs for ever', async () => {
  const [before] = await vault.store.accessKeys(tenant.id)
  const key = await needsRotation()
  vault.clock.advance(hourMs + 5 * minuteMs)
  await purgeAccessKeys(vault)
  expect(await vault.store.accessKeys(tenant.id)).toHaveLength(2)
  vault.clock.advance(1)
  await purgeAccessKeys(vault)
  expect((await vault.store.accessKeys(undefined)).map(({ id }) => id)).toEqual([key.id])
  expect(before?.id).not.toBe(key.id)
})

test('where none is to be purged nothing is written', async () => {
  await needsRotation()
  let commits = 0
  const store = {
    ...vault.store,
    commit: (...args: Parameters<typeof vault.store.commit>) => {
      commits++
      return vault.store.commit(...args)
    },
  }
  vault.clock.advance(hourMs)
  await purgeAccessKeys({ store, clock: vault.clock })
  expect(commits).toBe(0)
})
