import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CredentialId } from '../../kernel/ids.ts'
import { dayMs } from '../../kernel/time.ts'
import { dayOf, idleLimitMs } from '../../tenants/credential-use.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { createCredential, enableCredential, revokeCredential } from './change-credentials.ts'
import { disableIdleCredentials } from './disable-idle-credentials.ts'

let vault: TestVault
let tenant: Tenant
beforeEach(async () => {
  vault = await openTestVault()
  tenant = await addTenant(vault, 'shop')
})
afterEach(() => vault.close())

const make = async (): Promise<CredentialId> => {
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

const use = (id: CredentialId) =>
  vault.store.commit([{ type: 'use-credential', id, at: dayOf(vault.clock.now()) }])

const isDisabled = async (id: CredentialId): Promise<boolean> =>
  (await vault.store.credential(id))?.disabledAt !== undefined

test('what nobody has used for ninety days is disabled, and what was used is not', async () => {
  const [used, unused] = [await make(), await make()]
  vault.clock.advance(50 * dayMs)
  await use(used)
  vault.clock.advance(40 * dayMs - 1)
  expect(await disableIdleCredentials(vault)).toBe(0)
  vault.clock.advance(1)
  expect(await disableIdleCredentials(vault)).toBe(1)
  expect([await isDisabled(used), await isDisabled(unused)]).toEqual([false, true])
  const { seq } = await vault.store.auditHead()
  const [entry] = await vault.store.auditEntries(seq - 1, 1)
  expect(JSON.parse(entry?.text ?? '')).toEqual(expect.arrayContaining(['credential.disabled', tenant.id]))
})

test('it is disabled once, and a revoked one not at all', async () => {
  const [revoked] = [await make(), await make()]
  await revokeCredential(vault, testOperator, revoked)
  vault.clock.advance(idleLimitMs)
  expect(await disableIdleCredentials(vault)).toBe(1)
  expect(await disableIdleCredentials(vault)).toBe(0)
})

test('one that is used at that very moment stays', async () => {
  const id = await make()
  vault.clock.advance(idleLimitMs)
  const store = {
    ...vault.store,
    commit: async (changes: Parameters<typeof vault.store.commit>[0]) => {
      await use(id)
      return vault.store.commit(changes)
    },
  }
  expect(await disableIdleCredentials({ store, clock: vault.clock })).toBe(0)
  expect(await isDisabled(id)).toBe(false)
})

test('an operator lets it in again, for ninety days more', async () => {
  const id = await make()
  vault.clock.advance(idleLimitMs)
  await disableIdleCredentials(vault)
  expect(await enableCredential(vault, testOperator, id)).toEqual({ ok: true, value: undefined })
  expect(await isDisabled(id)).toBe(false)
  vault.clock.advance(idleLimitMs - 1)
  expect(await disableIdleCredentials(vault)).toBe(0)
  vault.clock.advance(1)
  expect(await disableIdleCredentials(vault)).toBe(1)
})

test('one that is not disabled is let in as it was, and one that was revoked never', async () => {
  const id = await make()
  expect((await enableCredential(vault, testOperator, id)).ok).toBe(true)
  await revokeCredential(vault, testOperator, id)
  expect(await enableCredential(vault, testOperator, id)).toEqual({
    ok: false,
    error: { type: 'CredentialNotFound' },
  })
})
