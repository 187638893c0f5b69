import { testCards } from '@cardkeep/testing/canary/cards'
import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { createEgressDouble } from '@cardkeep/testing/doubles/egress'
import {
  benchOrigin,
  type Bench as ForwardBench,
  forward,
  openBench,
  templateOf,
} from '@cardkeep/testing/doubles/forward'
import { addTenant, callerOf, testOperator } from '@cardkeep/testing/doubles/vault'
import { cardOf } from '@cardkeep/testing/keys/fixture'
import { afterEach, describe, expect, test } from 'vitest'
import type { CodePolicy } from '../../codes/policy.ts'
import { UnavailableError } from '../../errors.ts'
import type { DestinationId } from '../../kernel/ids.ts'
import { ok, refuse } from '../../kernel/result.ts'
import { openSecret, Secret } from '../../kernel/secret.ts'
import { minuteMs } from '../../kernel/time.ts'
import type { Store } from '../../ports.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { allowDestination } from '../administration/change-destinations.ts'
import { linkScope } from '../administration/create-scope.ts'
import { consumeCode, isCodeHeld } from '../codes/consume-code.ts'
import { refreshCode } from '../sessions/refresh-code.ts'
import { deleteToken } from './delete-token.ts'
import { invalidateToken } from './invalidate-token.ts'
import { suspendToken } from './suspend-token.ts'
import { sweepTokens } from './sweep-tokens.ts'
import { tokenizeCard } from './tokenize-card.ts'

/*
 * A scope that is linked to two tenants lets both use its tokens. A code that a customer typed for one of them is for a
 * payment to that one: the other neither spends it, nor hears of it, nor ends it.
 */

const opened: ForwardBench[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ vault }) => vault.close()))
})

const policy: CodePolicy = { hold: true, ttlMs: minuteMs, uses: 1, destinations: undefined }

/** A token of the shop without a code, which a friend may use as well. */
const open = async () => {
  const bench = await openBench({ code: undefined, lifetimeMs: 60 * minuteMs })
  opened.push(bench)
  const { vault, tenant: shop, tokenId } = bench
  const friend = await addTenant(vault, 'friend')
  await linkScope(vault, testOperator, shop.defaultScopeId, friend)
  await allowDestination(vault, testOperator, friend, {
    id: vault.ids.uuid() as DestinationId,
    origin: benchOrigin,
    pathPrefix: undefined,
    methods: [],
    ca: undefined,
    client: undefined,
    headers: [],
    allowPrivate: false,
  })
  const readiness = { isSealed: () => false, auditFailed: () => undefined }
  const ports = { ...vault, readiness }
  return {
    bench,
    vault,
    shop,
    friend,
    tokenId,
    hold: (tenant: Tenant, code: string, store: Store = vault.store) =>
      refreshCode({ ...ports, store }, callerOf(tenant), { tokenId, code: new Secret(code), policy }),
    /** By a session of its own, for the same token. */
    holdBySession: async (tenant: Tenant) => {
      const place = { scopeId: shop.defaultScopeId, environment: shop.environment, tokenId }
      const sessionId = vault.ids.uuid() as NonNullable<ForwardBench['sessionId']>
      const address = { type: 'session', tenantId: tenant.id, sessionId } as const
      await vault.codes.hold({ ...policy, address, place, tenantId: tenant.id, code: new Secret('555') })
    },
    charge: async (tenant: Tenant): Promise<string | undefined> => {
      const egress = createEgressDouble()
      const withCode = { sessionId: undefined, template: templateOf('${number}:${cvv}') }
      const sent = await forward(bench, { egress }, withCode, tenant)
      if (!sent.ok) return sent.error.type
      const code = egress.sent[0]?.parcel.code
      return code && openSecret(code, 'check')
    },
    isTold: (tenant: Tenant) => isCodeHeld(vault, callerOf(tenant), tokenId),
    consume: (tenant: Tenant) => consumeCode(ports, callerOf(tenant), tokenId),
  }
}

describe('a code that a token holds of one tenant', () => {
  test('is not spent by another, and not lost by its trying', async () => {
    const { shop, friend, hold, charge } = await open()
    await hold(shop, '111')
    expect(await charge(friend)).toBe('CodeRequired')
    expect(await charge(shop)).toBe('111')
  })

  test('is not told to another', async () => {
    const { shop, friend, hold, isTold } = await open()
    await hold(shop, '111')
    expect([await isTold(friend), await isTold(shop)]).toEqual([ok(false), ok(true)])
  })

  test('is not ended by the authorisation of another, and neither is one that came with a session', async () => {
    const { vault, shop, friend, hold, holdBySession, consume, charge } = await open()
    for (const tenant of [shop, friend]) {
      await hold(tenant, tenant === shop ? '111' : '222')
      await holdBySession(tenant)
    }
    expect(vault.backend.count()).toBe(4)
    await consume(friend)
    expect(vault.backend.count()).toBe(2)
    expect([await charge(friend), await charge(shop)]).toEqual(['CodeRequired', '111'])
  })

  test('is there beside that of another, and each spends its own', async () => {
    const { shop, friend, hold, charge } = await open()
    await hold(shop, '111')
    await hold(friend, '222')
    expect([await charge(friend), await charge(shop)]).toEqual(['222', '111'])
    expect([await charge(friend), await charge(shop)]).toEqual(['CodeRequired', 'CodeRequired'])
  })
})

test.each([
  ['suspended', suspendToken],
  ['invalidated', invalidateToken],
  ['deleted', deleteToken],
])('when the token is %s the codes of both are gone', async (_, end) => {
  const { vault, tokenId, shop, friend, hold, holdBySession } = await open()
  for (const tenant of [shop, friend]) {
    await hold(tenant, '111')
    await holdBySession(tenant)
  }
  expect((await end(vault, callerOf(friend), tokenId)).ok).toBe(true)
  expect(vault.backend.count()).toBe(0)
})

test('when the token expires the codes of both are gone', async () => {
  const { vault, shop, friend, hold } = await open()
  vault.clock.advance(60 * minuteMs - 1)
  await hold(shop, '111')
  await hold(friend, '222')
  vault.clock.advance(1)
  expect(await sweepTokens(vault)).toEqual({ expired: 1, purged: 0 })
  expect(vault.backend.count()).toBe(0)
})

describe('where a code is held and cannot be written down', () => {
  test('it alone is dropped: not that of another tenant, nor what came with sessions', async () => {
    const { vault, shop, friend, hold, holdBySession, charge } = await open()
    await hold(shop, '111')
    await holdBySession(shop)
    await holdBySession(friend)
    const store = interceptCommits(vault.store, () => Promise.reject(new UnavailableError('disk full')))
    await expect(hold(friend, '222', store)).rejects.toThrow(UnavailableError)
    expect(vault.backend.count()).toBe(3)
    expect([await charge(friend), await charge(shop)]).toEqual(['CodeRequired', '111'])
  })

  test('nor does a code go that is held where the policy holds none', async () => {
    const { vault, shop, tokenId, hold, charge } = await open()
    await hold(shop, '111')
    const store = interceptCommits(vault.store, () => Promise.reject(new UnavailableError('disk full')))
    const ports = { ...vault, store, readiness: { isSealed: () => false } }
    const command = { tokenId, code: new Secret('222'), policy: { ...policy, hold: false } }
    await expect(refreshCode(ports, callerOf(shop), command)).rejects.toThrow(UnavailableError)
    expect(await charge(shop)).toBe('111')
  })

  test('a known card whose token is given out again drops only the code that came with it', async () => {
    const bench = await openBench({ code: undefined })
    opened.push(bench)
    const { vault } = bench
    const tenant = await addTenant(vault, 'unique', { deduplicates: true })
    const tokenize = (code: string, heldBy: 'session' | 'token', store: Store) =>
      tokenizeCard({ ...vault, store }, callerOf(tenant), {
        card: cardOf(testCards.visa),
        code: new Secret(code),
        policy,
        heldBy,
        takesExpired: false,
        test: false,
        lifetimeMs: undefined,
      })
    await tokenize('111', 'session', vault.store)
    expect(vault.backend.count()).toBe(1)
    const store = interceptCommits(vault.store, async () =>
      refuse({ type: 'Conflict', change: 'expect-token' }),
    )
    await expect(tokenize('222', 'token', store)).rejects.toThrow(UnavailableError)
    expect(vault.backend.count()).toBe(1)
  })
})
