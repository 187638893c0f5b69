import { testCards } from '@cardkeep/testing/canary/cards'
import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { addTenant, callerOf, openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import { parsePan } from '../cards/pan.ts'
import type { CodeAddress } from '../codes/held-code.ts'
import { UnavailableError } from '../errors.ts'
import type { TokenId } from '../kernel/ids.ts'
import { done, refuse } from '../kernel/result.ts'
import { Secret } from '../kernel/secret.ts'
import { minuteMs } from '../kernel/time.ts'
import { suspendToken } from './suspend-token.ts'
import { tokenizeCard } from './tokenize-card.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async (lifetimeMs?: number) => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop')
  const pan = parsePan(new Secret(testCards.visa))
  if (!pan.ok) throw new Error('a test names a number that is none')
  const made = await tokenizeCard(vault, callerOf(tenant), {
    card: { pan: pan.value, expiry: { month: 12, year: 2030, yearDigits: 4 }, holder: undefined },
    code: new Secret('947'),
    policy: { hold: true, ttlMs: 10 * minuteMs, uses: 2 },
    test: false,
    lifetimeMs,
  })
  if (!made.ok || !made.value.sessionId) throw new Error('a test could not make a token with a code')
  const { token, sessionId } = made.value
  const address: CodeAddress = { type: 'session', tenantId: tenant.id, sessionId }
  const place = { scopeId: tenant.defaultScopeId, environment: tenant.environment, tokenId: token.id }
  return { vault, tenant, token, take: () => vault.codes.take(address, place) }
}

const notFound = refuse({ type: 'TokenNotFound' })

test('a suspended token is written as such, with who did it', async () => {
  const { vault, tenant, token } = await open()
  vault.clock.advance(1_000)
  expect(await suspendToken(vault, callerOf(tenant), token.id)).toEqual(done)
  expect(await vault.store.token(token.id)).toMatchObject({
    status: 'suspended',
    version: 2,
    createdAt: token.createdAt,
    updatedAt: vault.clock.now(),
  })
  const [entry] = await vault.store.auditEntries((await vault.store.auditHead()).seq - 1, 1)
  expect((JSON.parse(entry?.text ?? '') as unknown[]).slice(2, 9)).toEqual([
    'token.suspended',
    'success',
    tenant.id,
    ['credential', callerOf(tenant).principal.credentialId],
    '192.0.2.1',
    callerOf(tenant).requestId,
    ['token', token.id],
  ])
})

test('its codes are forgotten, also the one that is in flight', async () => {
  const { vault, tenant, token, take } = await open()
  const inFlight = await take()
  await suspendToken(vault, callerOf(tenant), token.id)
  expect(await take()).toBeUndefined()
  expect(inFlight && (await vault.codes.giveBack(inFlight))).toBe(false)
  expect(await take()).toBeUndefined()
})

test('codes stay while the token is not written as suspended', async () => {
  const { vault, tenant, token, take } = await open()
  const store = interceptCommits(vault.store, async () => {
    throw new UnavailableError('disk full')
  })
  await expect(suspendToken({ ...vault, store }, callerOf(tenant), token.id)).rejects.toThrow(
    UnavailableError,
  )
  expect(await take()).toBeDefined()
})

test('a token is suspended although others change it at the same time', async () => {
  const { vault, tenant, token } = await open()
  let conflicts = 3
  const store = interceptCommits(vault.store, async (_, commit) =>
    conflicts-- > 0 ? refuse({ type: 'Conflict', change: 'replace-token' }) : commit(),
  )
  expect(await suspendToken({ ...vault, store }, callerOf(tenant), token.id)).toEqual(done)
  expect(await vault.store.token(token.id)).toMatchObject({ status: 'suspended', version: 2 })
})

test('it is given up if others change it again and again', async () => {
  const { vault, tenant, token } = await open()
  let commits = 0
  const store = interceptCommits(vault.store, async () => {
    commits++
    return refuse({ type: 'Conflict', change: 'replace-token' })
  })
  await expect(suspendToken({ ...vault, store }, callerOf(tenant), token.id)).rejects.toThrow(
    UnavailableError,
  )
  expect(commits).toBeLessThanOrEqual(10)
})

test('of two that suspend a token at once one finds it, and it is suspended once', async () => {
  const { vault, tenant, token } = await open()
  const results = await Promise.all([1, 2].map(() => suspendToken(vault, callerOf(tenant), token.id)))
  expect(results).toContainEqual(done)
  expect(results).toContainEqual(notFound)
  expect(await vault.store.token(token.id)).toMatchObject({ version: 2 })
})

test('a token that is unknown, foreign, expired or suspended already is not found', async () => {
  const { vault, tenant, token, take } = await open(1_000)
  const stranger = await addTenant(vault, 'stranger')
  expect(await suspendToken(vault, callerOf(stranger), token.id)).toEqual(notFound)
  expect(
    await suspendToken(vault, callerOf(tenant), '00000000-0000-4000-8000-0000deadbeef' as TokenId),
  ).toEqual(notFound)
  expect(await take()).toBeDefined()
  vault.clock.advance(1_000)
  expect(await suspendToken(vault, callerOf(tenant), token.id)).toEqual(notFound)
})
