import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import type { CredentialId } from '../kernel/ids.ts'
import { done, refuse } from '../kernel/result.ts'
import { epochMs } from '../kernel/time.ts'
import { createCredential, type NewCredential, revokeCredential } from './change-credentials.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop')
  const made: NewCredential = {
    id: vault.ids.uuid() as CredentialId,
    dialect: 'ozura',
    permissions: ['tokenize', 'forward'],
    hash: new Uint8Array(32).fill(7),
    publicKey: 'pk',
    expiresAt: epochMs(vault.clock.now() + 5),
  }
  return { vault, tenant, made }
}

const lastEntry = async ({ store }: TestVault): Promise<unknown[]> => {
  const [entry] = await store.auditEntries((await store.auditHead()).seq - 1, 1)
  return JSON.parse(entry?.text ?? '[]') as unknown[]
}

test('a credential is kept as a hash, with who made it and what it may do', async () => {
  const { vault, tenant, made } = await open()
  const result = await createCredential(vault, testOperator, tenant, made)
  const expected = { ...made, tenantId: tenant.id, createdAt: vault.clock.now(), revokedAt: undefined }
  expect(result).toEqual({ ok: true, value: expected })
  expect(await vault.store.credential(made.id)).toEqual(expected)
  expect((await lastEntry(vault)).slice(2)).toEqual([
    'credential.created',
    'success',
    tenant.id,
    ['operator', 'operator'],
    null,
    null,
    ['credential', made.id],
    { dialect: 'ozura', permissions: 'tokenize forward' },
  ])
})

test('an id that is taken is not given out again', async () => {
  const { vault, tenant, made } = await open()
  await createCredential(vault, testOperator, tenant, made)
  const again = { ...made, hash: new Uint8Array(32) }
  expect(await createCredential(vault, testOperator, tenant, again)).toEqual(refuse({ type: 'Contended' }))
  expect((await vault.store.credential(made.id))?.hash).toEqual(made.hash)
})

test('a credential is revoked once, and revoking it again changes nothing', async () => {
  const { vault, tenant, made } = await open()
  await createCredential(vault, testOperator, tenant, made)
  vault.clock.advance(1_000)
  const revokedAt = vault.clock.now()
  expect(await revokeCredential(vault, testOperator, made.id)).toEqual(done)
  expect((await lastEntry(vault)).slice(2, 9)).toEqual([
    'credential.revoked',
    'success',
    tenant.id,
    ['operator', 'operator'],
    null,
    null,
    ['credential', made.id],
  ])
  const { seq } = await vault.store.auditHead()
  vault.clock.advance(1_000)
  expect(await revokeCredential(vault, testOperator, made.id)).toEqual(done)
  expect((await vault.store.credential(made.id))?.revokedAt).toBe(revokedAt)
  expect((await vault.store.auditHead()).seq).toBe(seq)
})

test('revoking and writing it down is one commit', async () => {
  const { vault, tenant, made } = await open()
  await createCredential(vault, testOperator, tenant, made)
  const commits: (readonly string[])[] = []
  const store = interceptCommits(vault.store, async (changes, commit) => {
    commits.push(nameChanges(changes))
    return commit()
  })
  await revokeCredential({ ...vault, store }, testOperator, made.id)
  expect(commits).toEqual([['revoke-credential', 'audit credential.revoked success']])
})

test('a credential that another revokes at the same moment is revoked all the same', async () => {
  const { vault, tenant, made } = await open()
  await createCredential(vault, testOperator, tenant, made)
  const results = await Promise.all([1, 2, 3].map(() => revokeCredential(vault, testOperator, made.id)))
  expect(results).toEqual([done, done, done])
})

test('a conflict of another kind is not taken for done', async () => {
  const { vault, tenant, made } = await open()
  await createCredential(vault, testOperator, tenant, made)
  const store = interceptCommits(vault.store, async () =>
    refuse({ type: 'Conflict', change: 'revoke-credential' }),
  )
  expect(await revokeCredential({ ...vault, store }, testOperator, made.id)).toEqual(
    refuse({ type: 'Contended' }),
  )
})

test('a credential that there is not cannot be revoked', async () => {
  const { vault, made } = await open()
  expect(await revokeCredential(vault, testOperator, made.id)).toEqual(refuse({ type: 'CredentialNotFound' }))
})
