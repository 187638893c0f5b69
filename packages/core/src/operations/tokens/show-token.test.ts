import { testCards } from '@cardkeep/testing/canary/cards'
import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { addToken } from '@cardkeep/testing/doubles/token'
import {
  addTenant,
  callerOf,
  openTestVault,
  type TestVault,
  testOperator,
} from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import { UnavailableError } from '../../errors.ts'
import { refuse } from '../../kernel/result.ts'
import { hourMs } from '../../kernel/time.ts'
import type { StoredToken } from '../../tokens/token.ts'
import { deleteToken } from './delete-token.ts'
import { findTokens, listLimit } from './find-tokens.ts'
import { describeToken, showToken } from './show-token.ts'
import { suspendToken } from './suspend-token.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  return { vault, tenant: await addTenant(vault, 'shop') }
}

const lastEntry = async ({ store }: TestVault): Promise<unknown[]> => {
  const [entry] = await store.auditEntries((await store.auditHead()).seq - 1, 1)
  return JSON.parse(entry?.text ?? '[]') as unknown[]
}

test('what may be shown of a token is shown, field by field', async () => {
  const { vault, tenant } = await open()
  const { token } = await addToken(vault, tenant, { lifetimeMs: hourMs })
  expect(await showToken(vault, testOperator, token.id)).toEqual({
    ok: true,
    value: {
      id: token.id,
      type: 'card',
      mask: '411111******1111',
      scheme: 'visa',
      state: 'active',
      test: false,
      scopeId: tenant.defaultScopeId,
      tenantId: tenant.id,
      createdAt: token.createdAt,
      updatedAt: token.updatedAt,
      expiresAt: token.createdAt + hourMs,
      invalidatedAt: undefined,
    },
  })
})

test('of an account its last digits are shown, and no scheme', async () => {
  const { vault, tenant } = await open()
  const { token } = await addToken(vault, tenant)
  const account = { ...token, type: 'bank', mask: { last4: '6789', length: 9 } } as StoredToken
  expect(describeToken(account, vault.clock.now())).toMatchObject({
    type: 'bank',
    mask: '*****6789',
    scheme: undefined,
  })
})

test('who saw a token is written down before anything is shown', async () => {
  const { vault, tenant } = await open()
  const { token } = await addToken(vault, tenant)
  await showToken(vault, testOperator, token.id)
  expect((await lastEntry(vault)).slice(2, 9)).toEqual([
    'token.shown',
    'success',
    tenant.id,
    ['operator', testOperator.name],
    null,
    null,
    ['token', token.id],
  ])
  const store = interceptCommits(vault.store, async () => {
    throw new UnavailableError('disk full')
  })
  await expect(showToken({ ...vault, store }, testOperator, token.id)).rejects.toThrow(UnavailableError)
  const find = findTokens({ ...vault, store }, testOperator, { last4: '1111', tenant: undefined })
  await expect(find).rejects.toThrow(UnavailableError)
})

test('a token of a stranger is shown to an operator and to nobody else', async () => {
  const { vault, tenant } = await open()
  const stranger = await addTenant(vault, 'stranger')
  const { token } = await addToken(vault, tenant)
  expect(await showToken(vault, callerOf(stranger), token.id)).toEqual(refuse({ type: 'TokenNotFound' }))
  expect(await showToken(vault, callerOf(tenant), token.id)).toMatchObject({ ok: true })
  expect(await showToken(vault, testOperator, token.id)).toMatchObject({ ok: true })
})

test('tokens are found by their last digits, newest first, of one tenant or of all', async () => {
  const { vault, tenant } = await open()
  const other = await addTenant(vault, 'other')
  const first = await addToken(vault, tenant)
  vault.clock.advance(1)
  const second = await addToken(vault, other)
  vault.clock.advance(1)
  await addToken(vault, tenant, { number: testCards.mastercard })
  const gone = await addToken(vault, tenant)
  await suspendToken(vault, testOperator, first.token.id)
  await deleteToken(vault, testOperator, gone.token.id)

  const all = await findTokens(vault, testOperator, { last4: '1111', tenant: undefined })
  const found = all.ok ? all.value.tokens.map(({ id, state }) => [id, state]) : all
  expect(found).toEqual([
    [gone.token.id, 'deleted'],
    [second.token.id, 'active'],
    [first.token.id, 'suspended'],
  ])
  expect((await lastEntry(vault)).slice(2, 10)).toEqual([
    'token.shown',
    'success',
    null,
    ['operator', testOperator.name],
    null,
    null,
    ['vault', 'vault'],
    { by: 'last digits', count: 3 },
  ])

  const own = await findTokens(vault, testOperator, { last4: '1111', tenant: other })
  expect(own).toMatchObject({ value: { tokens: [{ id: second.token.id }], isCut: false } })
  expect((await lastEntry(vault)).slice(4, 9)[4]).toEqual(['tenant', other.id])
})

test('an expired token is not found, whether or not it was swept', async () => {
  const { vault, tenant } = await open()
  await addToken(vault, tenant, { lifetimeMs: 1_000 })
  vault.clock.advance(1_000)
  const found = await findTokens(vault, testOperator, { last4: '1111', tenant })
  expect(found).toMatchObject({ value: { tokens: [] } })
})

test('a list ends at its limit and says so', async () => {
  const { vault, tenant } = await open()
  for (let made = 0; made < listLimit; made++) await addToken(vault, tenant, { code: undefined })
  const wish = { last4: '1111', tenant: undefined }
  expect(await findTokens(vault, testOperator, wish)).toMatchObject({ value: { isCut: false } })
  await addToken(vault, tenant, { code: undefined })
  const cut = await findTokens(vault, testOperator, wish)
  expect(cut.ok && [cut.value.isCut, cut.value.tokens.length]).toEqual([true, listLimit])
})

test.each(['', '1', '11111', '111a', ' 1111', '4111-1111-1111-1111', testCards.visa])(
  'nothing is found, written or repeated for "%#"',
  async (last4) => {
    const { vault, tenant } = await open()
    await addToken(vault, tenant)
    const { seq } = await vault.store.auditHead()
    const refused = await findTokens(vault, testOperator, { last4, tenant })
    expect(refused).toEqual(refuse({ type: 'NotLastDigits' }))
    expect((await vault.store.auditHead()).seq).toBe(seq)
  },
)
