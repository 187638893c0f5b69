import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, describe, expect, test } from 'vitest'
import type { CredentialId } from '../../kernel/ids.ts'
import { done, refuse } from '../../kernel/result.ts'
import { epochMs, yearMs } from '../../kernel/time.ts'
import {
  createCredential,
  enableCredential,
  type NewCredential,
  revokeCredential,
} from './change-credentials.ts'

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

describe('a user', () => {
  const user = '7c9e6679-7425-40de-944b-e07fc1f90ae7'
  const openUser = async () => {
    const { vault, tenant } = await open()
    const add = async (parts: Partial<NewCredential> = {}, of = tenant) => {
      const id = vault.ids.uuid() as CredentialId
      const made = await createCredential(vault, testOperator, of, {
        ...{ id, dialect: 'verifone', permissions: ['tokenize'], hash: new Uint8Array(32), publicKey: user },
        ...{ expiresAt: epochMs(vault.clock.now() + yearMs), ...parts },
      })
      return made.ok ? id : made.error.type
    }
    const ids = [await add(), await add(), await add(), await add(), await add()] as CredentialId[]
    return { vault, tenant, add, ids }
  }

  test('has five good keys at most, of whatever tenant', async () => {
    const { vault, add, ids } = await openUser()
    expect(new Set(ids).size).toBe(5)
    expect(await add()).toBe('TooManyCredentials')
    expect(await add({}, await addTenant(vault, 'other'))).toBe('TooManyCredentials')
    expect(await vault.store.credentials(undefined)).toHaveLength(5)
  })

  test('has five also where twelve are made at once, and the others are told why', async () => {
    const { vault, add } = await openUser()
    const another = '0e48425a-f1bc-431a-b7d8-f866de8ba276'
    const made = await Promise.all(Array.from({ length: 12 }, () => add({ publicKey: another })))
    expect(made.filter((one) => one === 'TooManyCredentials')).toHaveLength(7)
    expect(
      (await vault.store.credentials(undefined)).filter(({ publicKey }) => publicKey === another),
    ).toHaveLength(5)
  })

  test('does not get a sixth one where two disabled ones come back at once', async () => {
    const { vault, add, ids } = await openUser()
    const at = vault.clock.now()
    const [one, two] = ids as [CredentialId, CredentialId]
    for (const id of [one, two])
      await vault.store.commit([{ type: 'disable-credential', id, at, unusedSince: at }])
    expect(await add()).not.toBe('TooManyCredentials')
    const back = await Promise.all([one, two].map((id) => enableCredential(vault, testOperator, id)))
    expect(back.filter(({ ok }) => ok)).toHaveLength(1)
    expect(back.filter(({ ok }) => !ok)).toEqual([refuse({ type: 'TooManyCredentials' })])
  })

  test('is not another one, nor whoever has a public key of the same text', async () => {
    const { add } = await openUser()
    expect(await add({ publicKey: '0e48425a-f1bc-431a-b7d8-f866de8ba276' })).not.toBe('TooManyCredentials')
    expect(await add({ dialect: 'ozura' })).not.toBe('TooManyCredentials')
  })

  test('has room again once a key is revoked or over', async () => {
    const { vault, add, ids } = await openUser()
    await revokeCredential(vault, testOperator, ids[2] as CredentialId)
    expect(await add()).not.toBe('TooManyCredentials')
    expect(await add()).toBe('TooManyCredentials')
    vault.clock.advance(yearMs)
    expect(await add()).not.toBe('TooManyCredentials')
  })

  test('does not get a sixth one by the return of a disabled one', async () => {
    const { vault, add, ids } = await openUser()
    const [first] = ids as [CredentialId]
    const at = vault.clock.now()
    await vault.store.commit([{ type: 'disable-credential', id: first, at, unusedSince: at }])
    const sixth = (await add()) as CredentialId
    expect(await enableCredential(vault, testOperator, first)).toEqual(refuse({ type: 'TooManyCredentials' }))
    await revokeCredential(vault, testOperator, sixth)
    expect(await enableCredential(vault, testOperator, first)).toEqual(done)
  })
})

describe('a credential that others sign tokens for', () => {
  const trusts = { issuer: 'https://login.example', audience: 'cards', jwks: '{"keys":[]}' }

  test('is kept with whom it trusts, and that is written down without their keys', async () => {
    const { vault, tenant, made } = await open()
    const result = await createCredential(vault, testOperator, tenant, { ...made, dialect: 'pismo', trusts })
    expect(result.ok && Object.keys(result.value)).not.toContain('trusts')
    expect(await vault.store.trustedIssuer(trusts)).toEqual({ credentialId: made.id, ...trusts })
    expect((await lastEntry(vault)).at(-1)).toEqual({
      ...{ dialect: 'pismo', permissions: 'tokenize forward' },
      ...{ issuer: 'https://login.example', audience: 'cards' },
    })
  })

  test('is the only one with their name and audience until it is revoked', async () => {
    const { vault, tenant, made } = await open()
    const other = () => ({ ...made, id: vault.ids.uuid() as CredentialId })
    await createCredential(vault, testOperator, tenant, { ...made, trusts })
    const { seq } = await vault.store.auditHead()
    const again = { ...other(), trusts: { ...trusts, jwks: '{}' } }
    const refused = await createCredential(vault, testOperator, tenant, again)
    expect(refused).toEqual(refuse({ type: 'IssuerTrustedAlready' }))
    expect(await vault.store.credential(again.id)).toBeUndefined()
    expect((await vault.store.auditHead()).seq).toBe(seq)
    const elsewhere = { ...other(), trusts: { ...trusts, audience: 'other cards' } }
    expect(await createCredential(vault, testOperator, tenant, elsewhere)).toMatchObject({ ok: true })
    await revokeCredential(vault, testOperator, made.id)
    expect(await createCredential(vault, testOperator, tenant, again)).toMatchObject({ ok: true })
    expect(await vault.store.trustedIssuer(trusts)).toEqual({ credentialId: again.id, ...again.trusts })
  })

  test('of several at once one is made', async () => {
    const { vault, tenant, made } = await open()
    const results = await Promise.all(
      Array.from({ length: 4 }, () =>
        createCredential(vault, testOperator, tenant, {
          ...{ ...made, id: vault.ids.uuid() as CredentialId },
          trusts,
        }),
      ),
    )
    expect(results.filter(({ ok }) => ok)).toHaveLength(1)
    for (const result of results)
      if (!result.ok) expect(result.error).toEqual({ type: 'IssuerTrustedAlready' })
    expect(await vault.store.credentials(tenant.id)).toHaveLength(1)
  })
})
