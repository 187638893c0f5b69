import { testCards } from '@cardkeep/testing/canary/cards'
import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import { addTenant, callerOf, openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import { parsePan } from '../cards/pan.ts'
import { refuse } from '../kernel/result.ts'
import { Secret } from '../kernel/secret.ts'
import { minuteMs } from '../kernel/time.ts'
import type { Tenant } from '../tenants/tenant.ts'
import type { StoredToken } from '../tokens/token.ts'
import { sweepTokens } from './sweep-tokens.ts'
import { tokenizeCard } from './tokenize-card.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  return { vault, tenant: await addTenant(vault, 'shop') }
}

const make = async (vault: TestVault, tenant: Tenant, lifetimeMs?: number): Promise<StoredToken> => {
  const pan = parsePan(new Secret(testCards.visa))
  if (!pan.ok) throw new Error('a test names a number that is none')
  const made = await tokenizeCard(vault, callerOf(tenant), {
    card: { pan: pan.value, expiry: { month: 12, year: 2030, yearDigits: 4 }, holder: undefined },
    code: new Secret('947'),
    policy: { hold: true, ttlMs: 60 * minuteMs, uses: 1 },
    test: false,
    lifetimeMs,
  })
  if (!made.ok) throw new Error('a test could not make a token')
  return made.value.token
}

test('tokens past their time are erased with their codes, the others stay', async () => {
  const { vault, tenant } = await open()
  const [first, second, later, forever] = [
    await make(vault, tenant, 1_000),
    await make(vault, tenant, 2_000),
    await make(vault, tenant, 2_001),
    await make(vault, tenant),
  ]
  vault.clock.advance(999)
  expect(await sweepTokens(vault)).toBe(0)
  vault.clock.advance(1_001)
  expect(await sweepTokens(vault)).toBe(2)
  const left = await Promise.all([first, second, later, forever].map(({ id }) => vault.store.token(id)))
  expect(left.map((token) => token?.id)).toEqual([undefined, undefined, later.id, forever.id])
  expect(vault.backend.count()).toBe(2)
  expect(await sweepTokens(vault)).toBe(0)
})

test('each end is written down by the vault itself, in the commit that erases', async () => {
  const { vault, tenant } = await open()
  const token = await make(vault, tenant, 1_000)
  vault.clock.advance(1_000)
  const commits: (readonly string[])[] = []
  const store = interceptCommits(vault.store, async (changes, commit) => {
    commits.push(nameChanges(changes))
    return commit()
  })
  await sweepTokens({ ...vault, store })
  expect(commits).toEqual([['erase-token', 'audit token.expired success']])
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
  expect(await sweepTokens(vault)).toBe(450)
  expect(await vault.store.expiredTokens(vault.clock.now(), 1)).toEqual([])
})

test('a token that somebody changes at that moment is left to the next sweep, and nothing runs for ever', async () => {
  const { vault, tenant } = await open()
  await Promise.all(Array.from({ length: 200 }, () => make(vault, tenant, 1_000)))
  vault.clock.advance(1_000)
  const store = interceptCommits(vault.store, async () => refuse({ type: 'Conflict', change: 'erase-token' }))
  expect(await sweepTokens({ ...vault, store })).toBe(0)
  expect(await sweepTokens(vault)).toBe(200)
})
