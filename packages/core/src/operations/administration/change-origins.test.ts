import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import { done, refuse } from '../../kernel/result.ts'
import type { Environment } from '../../tenants/tenant.ts'
import { allowOrigin, removeOrigin } from './change-origins.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async (environment: Environment = 'live') => {
  const vault = await openTestVault()
  opened.push(vault)
  return { vault, tenant: await addTenant(vault, 'shop', { environment }) }
}

const lastEntry = async ({ store }: TestVault): Promise<unknown[]> => {
  const [entry] = await store.auditEntries((await store.auditHead()).seq - 1, 1)
  return (JSON.parse(entry?.text ?? '[]') as unknown[]).slice(2)
}

const origin = 'https://shop.example'

test('an origin is allowed for its tenant, and that is written down', async () => {
  const { vault, tenant } = await open()
  const expected = { tenantId: tenant.id, origin, createdAt: vault.clock.now() }
  expect(await allowOrigin(vault, testOperator, tenant, origin)).toEqual({ ok: true, value: expected })
  expect(await vault.store.origins(tenant.id)).toEqual([expected])
  expect(await lastEntry(vault)).toEqual([
    'origin.allowed',
    'success',
    tenant.id,
    ['operator', 'operator'],
    null,
    null,
    ['origin', origin],
    {},
  ])
})

test('an origin is allowed once, and the first time stays', async () => {
  const { vault, tenant } = await open()
  const first = await allowOrigin(vault, testOperator, tenant, origin)
  const { seq } = await vault.store.auditHead()
  vault.clock.advance(1_000)
  expect(await allowOrigin(vault, testOperator, tenant, origin)).toEqual(
    refuse({ type: 'OriginAllowedAlready' }),
  )
  expect(await vault.store.origins(tenant.id)).toEqual(first.ok ? [first.value] : [])
  expect((await vault.store.auditHead()).seq).toBe(seq)
})

test('two tenants may allow the same origin, and each removes its own', async () => {
  const { vault, tenant } = await open()
  const other = await addTenant(vault, 'other')
  for (const one of [tenant, other])
    expect(await allowOrigin(vault, testOperator, one, origin)).toMatchObject({ ok: true })
  expect(await removeOrigin(vault, testOperator, tenant, origin)).toEqual(done)
  expect(await vault.store.origins(undefined)).toMatchObject([{ tenantId: other.id, origin }])
})

test.each(['https://shop.example:8443', 'https://a-b.xn--kf-1ia.example', 'https://192.0.2.1'])(
  'the pages of %s may be allowed',
  async (one) => {
    const { vault, tenant } = await open()
    expect(await allowOrigin(vault, testOperator, tenant, one)).toMatchObject({ ok: true })
  },
)

test.each([
  '',
  'null',
  '*',
  'https://*',
  'https://*.shop.example',
  'https://shop.example/',
  'https://shop.example/path',
  'https://shop.example?a',
  'https://shop.example#a',
  'https://user@shop.example',
  'https://Shop.example',
  'https://shop.example.',
  'https://.example',
  'https://shop..example',
  'https://-shop.example',
  'https://shop_1.example',
  "https://shop.example;script-src'none'",
  'https://shop.example, https://other.example',
  'https://shop.example https://other.example',
  'https://shop.example\nhttps://other.example',
  'https://shop.example:',
  'https://shop.example:0443',
  'https://shop.example:123456',
  'https://[::1]',
  'http://shop.example',
  'http://localhost.example',
  'http://127.0.0.1.example',
  'http://127.0.0.2',
  'ftp://shop.example',
  'shop.example',
])('no page has the origin %j, also not that of a test tenant', async (one) => {
  const { vault, tenant } = await open('test')
  const { seq } = await vault.store.auditHead()
  expect(await allowOrigin(vault, testOperator, tenant, one)).toEqual(refuse({ type: 'NotAnOrigin' }))
  expect(await vault.store.origins(undefined)).toEqual([])
  expect((await vault.store.auditHead()).seq).toBe(seq)
})

test.each(['http://localhost', 'http://localhost:3000', 'http://127.0.0.1:8080'])(
  'without TLS, %s may embed for a test tenant and never for a live one',
  async (one) => {
    const trying = await open('test')
    expect(await allowOrigin(trying.vault, testOperator, trying.tenant, one)).toMatchObject({ ok: true })
    const { vault, tenant } = await open('live')
    expect(await allowOrigin(vault, testOperator, tenant, one)).toEqual(refuse({ type: 'PlainHttpOrigin' }))
    expect(await vault.store.origins(tenant.id)).toEqual([])
  },
)

test('an origin that is removed is gone, and that is written down', async () => {
  const { vault, tenant } = await open()
  await allowOrigin(vault, testOperator, tenant, origin)
  expect(await removeOrigin(vault, testOperator, tenant, origin)).toEqual(done)
  expect(await vault.store.origins(undefined)).toEqual([])
  expect((await lastEntry(vault)).slice(0, 7)).toEqual([
    'origin.removed',
    'success',
    tenant.id,
    ['operator', 'operator'],
    null,
    null,
    ['origin', origin],
  ])
})

test('an origin of another tenant, or of nobody, is not removed', async () => {
  const { vault, tenant } = await open()
  const stranger = await addTenant(vault, 'stranger')
  await allowOrigin(vault, testOperator, tenant, origin)
  const { seq } = await vault.store.auditHead()
  const notFound = refuse({ type: 'OriginNotFound' })
  expect(await removeOrigin(vault, testOperator, stranger, origin)).toEqual(notFound)
  expect(await removeOrigin(vault, testOperator, tenant, 'https://other.example')).toEqual(notFound)
  expect(await vault.store.origins(tenant.id)).toHaveLength(1)
  expect((await vault.store.auditHead()).seq).toBe(seq)
})
