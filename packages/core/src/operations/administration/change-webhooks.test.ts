import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import type { WebhookId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/result.ts'
import { epochMs } from '../../kernel/time.ts'
import type { Environment } from '../../tenants/tenant.ts'
import { createWebhook, enableWebhook, removeWebhook } from './change-webhooks.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async (environment: Environment = 'live') => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop', { environment })
  const made = {
    id: vault.ids.uuid() as WebhookId,
    url: 'https://shop.example/events',
    events: ['token.created', 'token.deleted'],
    form: 'standard',
    allowPrivate: false,
    ca: 'PEM',
    sealSecret: async () => new Uint8Array([1, 2, 3]),
  } as const
  return { vault, ports: { ...vault, keys: vault.keyring }, tenant, made }
}

const lastEntry = async ({ store }: TestVault): Promise<unknown[]> => {
  const [entry] = await store.auditEntries((await store.auditHead()).seq - 1, 1)
  return JSON.parse(entry?.text ?? '[]') as unknown[]
}

test('a webhook is kept with its secret sealed, and where it goes is written down', async () => {
  const { vault, ports, tenant, made } = await open()
  const { sealSecret: _, ...kept } = made
  const expected = {
    ...kept,
    tenantId: tenant.id,
    sealedSecret: new Uint8Array([1, 2, 3]),
    createdAt: vault.clock.now(),
    health: { failures: 0, pausedUntil: undefined },
  }
  expect(await createWebhook(ports, testOperator, tenant, made)).toEqual({ ok: true, value: expected })
  expect(await vault.store.webhooks(tenant.id)).toEqual([expected])
  expect((await lastEntry(vault)).slice(2)).toEqual([
    'webhook.created',
    'success',
    tenant.id,
    ['operator', 'operator'],
    null,
    null,
    ['webhook', made.id],
    { url: made.url, events: 'token.created token.deleted', form: 'standard', allowPrivate: false },
  ])
})

test('a query, which may hold a password, is kept out of the audit log', async () => {
  const { vault, ports, tenant, made } = await open()
  const url = `${made.url}?token=hidden`
  const created = await createWebhook(ports, testOperator, tenant, { ...made, url })
  expect(created).toMatchObject({ ok: true, value: { url } })
  expect((await lastEntry(vault)).at(-1)).toMatchObject({ url: made.url })
})

test.each([
  ['live', false, 'http://127.0.0.1/hook', false],
  ['live', true, 'http://127.0.0.1/hook', false],
  ['test', false, 'http://127.0.0.1/hook', false],
  ['test', true, 'http://127.0.0.1/hook', true],
  ['live', true, 'https://127.0.0.1/hook', true],
  ['test', false, 'https://shop.example/hook', true],
] as const)(
  'a %s tenant with private addresses %s may be told at %s: %s',
  async (environment, allowPrivate, url, isAllowed) => {
    const { vault, ports, tenant, made } = await open(environment)
    const result = await createWebhook(ports, testOperator, tenant, { ...made, url, allowPrivate })
    expect(result.ok).toBe(isAllowed)
    if (!isAllowed) expect(result).toEqual(refuse({ type: 'PlainHttpWebhook' }))
    expect(await vault.store.webhooks(undefined)).toHaveLength(isAllowed ? 1 : 0)
  },
)

test('a tenant without a webhook key gets one before the secret is sealed, even if others change keys meanwhile', async () => {
  const { vault, ports, tenant, made } = await open()
  const order: string[] = []
  // It stands for the changes of keys.
  const keyChange = { type: 'seal-vault', sealed: false } as const
  const keys = {
    keysFor: async () => ({ changes: [keyChange], committed: async () => void order.push('keys') }),
  }
  let conflicts = 1
  const store = interceptCommits(vault.store, async (changes, commit) => {
    if (changes[0] !== keyChange) return commit()
    if (conflicts-- > 0) return refuse({ type: 'Conflict', change: 'put-key-set' })
    order.push('written')
    return commit()
  })
  const sealSecret = async () => {
    order.push('seal')
    return new Uint8Array(1)
  }
  const wish = { ...made, sealSecret }
  expect(await createWebhook({ ...ports, store, keys }, testOperator, tenant, wish)).toMatchObject({
    ok: true,
  })
  expect(order).toEqual(['written', 'keys', 'seal'])
})

test('a webhook that is removed is gone, and the second time it is not found', async () => {
  const { vault, ports, tenant, made } = await open()
  await createWebhook(ports, testOperator, tenant, made)
  expect(await removeWebhook(vault, testOperator, made.id)).toMatchObject({ ok: true })
  expect(await vault.store.webhooks(undefined)).toEqual([])
  expect((await lastEntry(vault)).slice(2, 5)).toEqual(['webhook.removed', 'success', tenant.id])
  expect(await removeWebhook(vault, testOperator, made.id)).toEqual(refuse({ type: 'WebhookNotFound' }))
})

test('enabling a webhook lifts its pause and forgets its failures', async () => {
  const { vault, ports, tenant, made } = await open()
  await createWebhook(ports, testOperator, tenant, made)
  const health = { failures: 9, pausedUntil: epochMs(vault.clock.now() + 1_000) }
  await vault.store.commit([{ type: 'set-webhook-health', id: made.id, health }])
  expect(await enableWebhook(vault, testOperator, made.id)).toMatchObject({ ok: true })
  expect((await vault.store.webhook(made.id))?.health).toEqual({ failures: 0, pausedUntil: undefined })
  expect((await lastEntry(vault)).slice(2, 5)).toEqual(['webhook.enabled', 'success', tenant.id])
  expect(await enableWebhook(vault, testOperator, 'other')).toEqual(refuse({ type: 'WebhookNotFound' }))
})
