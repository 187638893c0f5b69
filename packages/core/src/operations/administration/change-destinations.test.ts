import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import type { DestinationId } from '../../kernel/ids.ts'
import { done, refuse } from '../../kernel/result.ts'
import type { Environment } from '../../tenants/tenant.ts'
import { allowDestination, removeDestination } from './change-destinations.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async (environment: Environment = 'live') => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop', { environment })
  const made = {
    id: vault.ids.uuid() as DestinationId,
    origin: 'https://psp.example:8443',
    pathPrefix: '/v1',
    methods: ['POST', 'PUT'],
    ca: 'PEM',
    client: { certificate: 'CERT', sealedKey: new Uint8Array([1, 2, 3]) },
    headers: [{ name: 'authorization', sealedValue: new Uint8Array([4, 5]) }],
    allowPrivate: true,
  } as const
  return { vault, tenant, made }
}

const lastEntry = async ({ store }: TestVault): Promise<unknown[]> => {
  const [entry] = await store.auditEntries((await store.auditHead()).seq - 1, 1)
  return JSON.parse(entry?.text ?? '[]') as unknown[]
}

test('a destination is kept for its tenant, and what it allows is written down', async () => {
  const { vault, tenant, made } = await open()
  const result = await allowDestination(vault, testOperator, tenant, made)
  const expected = { ...made, tenantId: tenant.id, createdAt: vault.clock.now() }
  expect(result).toEqual({ ok: true, value: expected })
  expect(await vault.store.destinations(tenant.id)).toEqual([expected])
  expect((await lastEntry(vault)).slice(2)).toEqual([
    'destination.allowed',
    'success',
    tenant.id,
    ['operator', 'operator'],
    null,
    null,
    ['destination', made.id],
    {
      origin: made.origin,
      pathPrefix: '/v1',
      methods: 'POST PUT',
      allowPrivate: true,
      headers: 'authorization',
    },
  ])
})

test.each([
  'http://psp.example',
  'http://127.0.0.1:8080',
  'ftp://psp.example',
  'HTTPS://psp.example',
  'null',
  '',
])('a live tenant may not send to "%s", where there is no TLS', async (origin) => {
  const { vault, tenant, made } = await open('live')
  const { seq } = await vault.store.auditHead()
  expect(await allowDestination(vault, testOperator, tenant, { ...made, origin })).toEqual(
    refuse({ type: 'PlainHttpOnLive' }),
  )
  expect(await vault.store.destinations(tenant.id)).toEqual([])
  expect((await vault.store.auditHead()).seq).toBe(seq)
})

test('a test tenant may send without TLS', async () => {
  const { vault, tenant, made } = await open('test')
  const origin = 'http://127.0.0.1:8080'
  expect(await allowDestination(vault, testOperator, tenant, { ...made, origin })).toMatchObject({ ok: true })
  expect(await vault.store.destinations(tenant.id)).toMatchObject([{ origin }])
})

test('an id that is taken is not given out again', async () => {
  const { vault, tenant, made } = await open()
  await allowDestination(vault, testOperator, tenant, made)
  expect(await allowDestination(vault, testOperator, tenant, made)).toEqual(refuse({ type: 'Contended' }))
})

test('a destination that is removed is gone, and that is written down', async () => {
  const { vault, tenant, made } = await open()
  await allowDestination(vault, testOperator, tenant, made)
  expect(await removeDestination(vault, testOperator, tenant, made.id)).toEqual(done)
  expect(await vault.store.destinations(tenant.id)).toEqual([])
  expect((await lastEntry(vault)).slice(2, 9)).toEqual([
    'destination.removed',
    'success',
    tenant.id,
    ['operator', 'operator'],
    null,
    null,
    ['destination', made.id],
  ])
})

test('a destination of another tenant, or of nobody, is not found', async () => {
  const { vault, tenant, made } = await open()
  await allowDestination(vault, testOperator, tenant, made)
  const stranger = await addTenant(vault, 'stranger')
  const notFound = refuse({ type: 'DestinationNotFound' })
  expect(await removeDestination(vault, testOperator, stranger, made.id)).toEqual(notFound)
  expect(await removeDestination(vault, testOperator, tenant, 'nothing')).toEqual(notFound)
  expect(await vault.store.destinations(tenant.id)).toHaveLength(1)
})
