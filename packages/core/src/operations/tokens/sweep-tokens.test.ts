import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import { addToken } from '@cardkeep/testing/doubles/token'
import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import type { NetworkTokenId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/result.ts'
import { dayMs } from '../../kernel/time.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import type { StoredToken } from '../../tokens/token.ts'
import { deleteToken } from './delete-token.ts'
import { sweepTokens } from './sweep-tokens.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  return { vault, tenant: await addTenant(vault, 'shop') }
}

const make = async (vault: TestVault, tenant: Tenant, lifetimeMs?: number): Promise<StoredToken> =>
  (await addToken(vault, tenant, lifetimeMs === undefined ? {} : { lifetimeMs })).token

test('tokens past their time are erased with their codes, the others stay', async () => {
  const { vault, tenant } = await open()
  const [first, second, later, forever] = [
    await make(vault, tenant, 1_000),
    await make(vault, tenant, 2_000),
    await make(vault, tenant, 2_001),
    await make(vault, tenant),
  ]
  vault.clock.advance(999)
  expect(await sweepTokens(vault)).toEqual({ expired: 0, purged: 0 })
  vault.clock.advance(1_001)
  expect(await sweepTokens(vault)).toEqual({ expired: 2, purged: 0 })
  const left = await Promise.all([first, second, later, forever].map(({ id }) => vault.store.token(id)))
  expect(left.map((token) => token?.id)).toEqual([undefined, undefined, later.id, forever.id])
  expect(vault.backend.count()).toBe(2)
  expect(await sweepTokens(vault)).toEqual({ expired: 0, purged: 0 })
})

test('each end is told and written down by the vault itself, in the commit that erases', async () => {
  const { vault, tenant } = await open()
  const token = await make(vault, tenant, 1_000)
  vault.clock.advance(1_000)
  const commits: (readonly string[])[] = []
  const store = interceptCommits(vault.store, async (changes, commit) => {
    commits.push(nameChanges(changes))
    return commit()
  })
  await sweepTokens({ ...vault, store })
  expect(commits).toEqual([
    ['erase-token', 'end-network-tokens', 'emit-event', 'audit token.expired success'],
  ])
  const [entry] = await vault.store.auditEntries((await vault.store.auditHead()).seq - 1, 1)
  expect((JSON.parse(entry?.text ?? '') as unknown[]).slice(1, 9)).toEqual([
    vault.clock.now(),
    'token.expired',
    'success',
    tenant.id,
    ['vault', null],
    null,
    null,
    ['token', token.id],
  ])
})

test('more tokens than are looked at together all go', async () => {
  const { vault, tenant } = await open()
  await Promise.all(Array.from({ length: 450 }, () => make(vault, tenant, 1_000)))
  vault.clock.advance(1_000)
  expect(await sweepTokens(vault)).toEqual({ expired: 450, purged: 0 })
  expect(await vault.store.expiredTokens(vault.clock.now(), 1)).toEqual([])
})

test('a token that somebody changes at that moment is left to the next sweep, and nothing runs for ever', async () => {
  const { vault, tenant } = await open()
  await Promise.all(Array.from({ length: 200 }, () => make(vault, tenant, 1_000)))
  vault.clock.advance(1_000)
  const store = interceptCommits(vault.store, async () => refuse({ type: 'Conflict', change: 'erase-token' }))
  expect(await sweepTokens({ ...vault, store })).toEqual({ expired: 0, purged: 0 })
  expect(await sweepTokens(vault)).toEqual({ expired: 200, purged: 0 })
})

test('the row of a deleted token goes after thirty days, without another entry', async () => {
  const { vault, tenant } = await open()
  const [token, kept] = [await make(vault, tenant, dayMs), await make(vault, tenant)]
  await deleteToken(vault, testOperator, token.id)
  vault.clock.advance(30 * dayMs)
  expect(await sweepTokens(vault)).toEqual({ expired: 0, purged: 0 })
  expect(await vault.store.token(token.id)).toMatchObject({ status: 'deleted' })
  const { seq } = await vault.store.auditHead()
  vault.clock.advance(1)
  expect(await sweepTokens(vault)).toEqual({ expired: 0, purged: 1 })
  expect(await vault.store.token(token.id)).toBeUndefined()
  expect(await vault.store.token(kept.id)).toBeDefined()
  expect((await vault.store.auditHead()).seq).toBe(seq)
})

test.each([
  [
    'expires',
    async (vault: TestVault) => {
      vault.clock.advance(1_000)
      await sweepTokens(vault)
    },
  ],
  ['is deleted', (vault: TestVault, { id }: StoredToken) => deleteToken(vault, testOperator, id)],
])('its network token ends when a token %s, and goes with it once its provider knows', async (_, end) => {
  const { vault, tenant } = await open()
  const { store, clock } = vault
  const token = await make(vault, tenant, 1_000)
  const id = vault.ids.uuid() as NetworkTokenId
  await store.commit([
    {
      type: 'put-network-token',
      networkToken: {
        ...{ id, tokenId: token.id, scopeId: token.scopeId, status: 'active', isSettled: false },
        ...{ sealed: new Uint8Array(9), createdAt: clock.now(), updatedAt: clock.now() },
      },
    },
  ])
  await end(vault, token)
  expect(await store.unsettledNetworkTokens(9)).toMatchObject([{ id, status: 'deleted', isSettled: false }])
  await store.commit([{ type: 'settle-network-token', id }])
  clock.advance(30 * dayMs + 1)
  await sweepTokens(vault)
  expect(await store.networkToken(token.id)).toBeUndefined()
})
