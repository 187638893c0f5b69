import {
  addTenant,
  callerOf,
  openTestVault,
  type TestVault,
  testOperator,
} from '@cardkeep/testing/doubles/vault'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { captureKeysPerTenant } from '../../captures/capture-key.ts'
import { UnavailableError } from '../../errors.ts'
import type { CaptureKeyId } from '../../kernel/ids.ts'
import { done, refuse } from '../../kernel/result.ts'
import { createTurns } from '../../kernel/turns.ts'
import type { CaptureKeyMaker } from '../../ports.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { createCaptureKey, listCaptureKeys, retireCaptureKey } from './change-capture-keys.ts'

let vault: TestVault
let tenant: Tenant
beforeEach(async () => {
  vault = await openTestVault()
  tenant = await addTenant(vault, 'shop')
})
afterEach(() => vault.close())

const lastEntry = async (): Promise<unknown[]> => {
  const [entry] = await vault.store.auditEntries((await vault.store.auditHead()).seq - 1, 1)
  return (JSON.parse(entry?.text ?? '[]') as unknown[]).slice(2)
}

const make = async (of: Tenant = tenant) => {
  const made = await createCaptureKey(vault, callerOf(of))
  if (!made.ok) throw new Error(made.error.type)
  // As the store answers it: bytes of no special kind.
  return { ...made.value, sealedPrivateKey: new Uint8Array(made.value.sealedPrivateKey) }
}

/** Quick, where a test makes many. */
const captureKeyMaker: CaptureKeyMaker = {
  inTurn: createTurns(),
  make: async ({ id }) => ({ publicKey: `public half of ${id}`, sealedPrivateKey: new Uint8Array([1]) }),
}

test('a caller makes a key for its own tenant, and that is written down', async () => {
  const key = await make()
  expect(key).toMatchObject({ tenantId: tenant.id, createdAt: vault.clock.now(), retiredAt: undefined })
  expect(key.publicKey).toMatch(/^-----BEGIN PGP PUBLIC KEY BLOCK-----\n/)
  expect(Buffer.from(key.sealedPrivateKey).includes('PRIVATE KEY')).toBe(false)
  expect(await vault.store.captureKey(key.id)).toEqual(key)
  const { principal, origin, requestId } = callerOf(tenant)
  expect(await lastEntry()).toEqual([
    'capture-key.created',
    'success',
    tenant.id,
    ['credential', principal.credentialId],
    origin,
    requestId,
    ['capture-key', key.id],
    {},
  ])
})

test('an operator makes one for any tenant', async () => {
  const made = await createCaptureKey(vault, { operator: testOperator, tenant })
  if (!made.ok) throw new Error(made.error.type)
  expect(await vault.store.captureKeys(tenant.id)).toMatchObject([{ id: made.value.id }])
  expect(await lastEntry()).toEqual([
    'capture-key.created',
    'success',
    tenant.id,
    ['operator', testOperator.name],
    null,
    null,
    ['capture-key', made.value.id],
    {},
  ])
})

test('active keys are listed oldest first, and those of no other tenant', async () => {
  const first = await make()
  vault.clock.advance(1)
  const second = await make()
  await make(await addTenant(vault, 'other'))
  expect(await listCaptureKeys(vault, tenant)).toEqual([first, second])
  await retireCaptureKey(vault, testOperator, first.id)
  expect(await listCaptureKeys(vault, tenant)).toEqual([second])
})

test('a tenant has so many active keys at most; a retired one makes room', async () => {
  const ports = { ...vault, captureKeyMaker }
  for (let at = 0; at < captureKeysPerTenant; at++) await createCaptureKey(ports, callerOf(tenant))
  const { seq } = await vault.store.auditHead()
  const tooMany = refuse({ type: 'TooManyCaptureKeys' })
  expect(await createCaptureKey(ports, callerOf(tenant))).toEqual(tooMany)
  expect(await createCaptureKey(ports, { operator: testOperator, tenant })).toEqual(tooMany)
  expect((await vault.store.auditHead()).seq).toBe(seq)
  const [oldest] = await listCaptureKeys(vault, tenant)
  if (oldest) await retireCaptureKey(vault, testOperator, oldest.id)
  expect(await createCaptureKey(ports, callerOf(tenant))).toMatchObject({ ok: true })
})

test('of several at once for the last place one gets it', async () => {
  const ports = { ...vault, captureKeyMaker }
  for (let at = 1; at < captureKeysPerTenant; at++) await createCaptureKey(ports, callerOf(tenant))
  const rivals = Array.from({ length: 4 }, () => createCaptureKey(ports, callerOf(tenant)))
  const made = await Promise.all(rivals)
  expect(made.filter(({ ok }) => ok)).toHaveLength(1)
  expect(await listCaptureKeys(vault, tenant)).toHaveLength(captureKeysPerTenant)
})

test('of many at once no more pairs are made than there is room for', async () => {
  let pairs = 0
  const maker: CaptureKeyMaker = {
    ...captureKeyMaker,
    make: (place) => {
      pairs++
      return captureKeyMaker.make(place)
    },
  }
  const ports = { ...vault, captureKeyMaker: maker }
  const rivals = Array.from({ length: 3 * captureKeysPerTenant }, () =>
    createCaptureKey(ports, callerOf(tenant)),
  )
  const made = await Promise.all(rivals)
  expect(made.filter(({ ok }) => ok)).toHaveLength(captureKeysPerTenant)
  expect(pairs).toBe(captureKeysPerTenant)
})

test('it is given up where every attempt is in conflict, and its pair is made once', async () => {
  let pairs = 0
  const ports = {
    ...vault,
    captureKeyMaker: {
      ...captureKeyMaker,
      make: async () => ({ ...(await captureKeyMaker.make(place())), publicKey: `${++pairs}` }),
    },
    store: {
      ...vault.store,
      commit: async () => refuse({ type: 'Conflict', change: 'put-capture-key' } as const),
    },
  }
  await expect(createCaptureKey(ports, callerOf(tenant))).rejects.toThrow(UnavailableError)
  expect(pairs).toBe(1)
})

const place = () => ({ id: vault.ids.uuid() as CaptureKeyId, tenantId: tenant.id })

test('a key is retired once, and retiring it again changes nothing', async () => {
  const key = await make()
  vault.clock.advance(1_000)
  const retiredAt = vault.clock.now()
  expect(await retireCaptureKey(vault, testOperator, key.id)).toEqual(done)
  expect((await lastEntry()).slice(0, 7)).toEqual([
    'capture-key.retired',
    'success',
    tenant.id,
    ['operator', testOperator.name],
    null,
    null,
    ['capture-key', key.id],
  ])
  const { seq } = await vault.store.auditHead()
  vault.clock.advance(1_000)
  expect(await retireCaptureKey(vault, testOperator, key.id)).toEqual(done)
  expect(await vault.store.captureKey(key.id)).toEqual({ ...key, retiredAt })
  expect((await vault.store.auditHead()).seq).toBe(seq)
})

test('a key that is retired by another at that very moment is retired', async () => {
  const key = await make()
  const store = {
    ...vault.store,
    commit: async () => {
      await retireCaptureKey(vault, testOperator, key.id)
      return refuse({ type: 'Conflict', change: 'retire-capture-key' } as const)
    },
  }
  expect(await retireCaptureKey({ ...vault, store }, testOperator, key.id)).toEqual(done)
})

test('a key that is not there is not retired', async () => {
  expect(await retireCaptureKey(vault, testOperator, place().id)).toEqual(
    refuse({ type: 'CaptureKeyNotFound' }),
  )
})
