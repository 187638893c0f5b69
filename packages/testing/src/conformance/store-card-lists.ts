import { epochMs } from '@cardkeep/core/kernel/time'
import type { TokenFilter, TokenPage } from '@cardkeep/core/ports'
import type { Scope, Tenant } from '@cardkeep/core/tenants/tenant'
import type { CardToken, StoredToken } from '@cardkeep/core/tokens/token'
import { describe, expect, test } from 'vitest'
import type { Bench } from './bench.ts'

/** The card tokens that a tenant may use, page by page. */
export const cardListConformance = (bench: Bench): void => {
  describe('card tokens', () => {
    const at = (ms: number) => epochMs(bench.records.at + ms)
    const now = 1_000
    const filterOf = ({ from, before }: { from?: number; before?: number } = {}): TokenFilter => ({
      from: from === undefined ? undefined : at(from),
      before: before === undefined ? undefined : at(before),
      at: at(now),
    })
    const pageOf = (fields: Partial<TokenPage> = {}): TokenPage => ({
      ...filterOf(),
      ...{ order: 'oldest first', limit: 100, offset: 0 },
      ...fields,
    })

    const addScope = async (): Promise<Scope> => {
      const scope = bench.records.scope()
      await bench.put({ type: 'put-scope', scope })
      return scope
    }
    /** With a default scope of its own, and no link to it. */
    const addTenant = async (): Promise<{ tenant: Tenant; scope: Scope }> => {
      const scope = await addScope()
      const tenant = bench.records.tenant({ defaultScopeId: scope.id })
      await bench.put({ type: 'put-tenant', tenant })
      return { tenant, scope }
    }
    const put = async <Token extends StoredToken>(scope: Scope, token: Token): Promise<Token> => {
      const { fingerprint } = token
      await bench.put({ type: 'put-fingerprint', fingerprint }, { type: 'put-token', token })
      expect(fingerprint.scopeId).toBe(scope.id)
      return token
    }
    const addCard = (by: Tenant, scope: Scope, createdMs: number, fields: Partial<CardToken> = {}) =>
      put(
        scope,
        bench.records.token(by, bench.records.fingerprint(scope), { createdAt: at(createdMs), ...fields }),
      )

    test('of the default scope and of linked ones are listed together, whoever made them, and no others', async () => {
      const { tenant, scope } = await addTenant()
      const stranger = await addTenant()
      const [linked, foreign] = [await addScope(), await addScope()]
      for (const [scopeId, tenantId] of [
        [scope.id, tenant.id],
        [linked.id, tenant.id],
        [linked.id, stranger.tenant.id],
        [foreign.id, stranger.tenant.id],
      ] as const)
        await bench.put({ type: 'link-scope', scopeId, tenantId })
      const listed = [
        await addCard(tenant, scope, 1),
        await addCard(stranger.tenant, linked, 2),
        await addCard(stranger.tenant, scope, 3),
        await addCard(tenant, linked, 4),
      ]
      await addCard(tenant, foreign, 2)
      await addCard(stranger.tenant, stranger.scope, 3)
      expect(await bench.store.cardTokens(tenant, pageOf())).toEqual(listed)
      expect(await bench.store.countCardTokens(tenant, filterOf())).toBe(4)
    })

    test('of the default scope are listed without a link', async () => {
      const { tenant, scope } = await addTenant()
      const listed = [await addCard(tenant, scope, 1)]
      expect(await bench.store.cardTokens(tenant, pageOf())).toEqual(listed)
      expect(await bench.store.countCardTokens(tenant, filterOf())).toBe(1)
      expect(await bench.store.cardTokens((await addTenant()).tenant, pageOf())).toEqual([])
    })

    test('are left out where they are deleted, past their time or of a bank account', async () => {
      const { tenant, scope } = await addTenant()
      const listed = [
        await addCard(tenant, scope, 1, { status: 'suspended' }),
        await addCard(tenant, scope, 2, { invalidatedAt: at(3) }),
        await addCard(tenant, scope, 3, { expiresAt: at(now + 1) }),
        await addCard(tenant, scope, 4, { test: true, scheme: 'amex', unique: false }),
      ]
      await addCard(tenant, scope, 1, { status: 'deleted' })
      await addCard(tenant, scope, 2, { expiresAt: at(now) })
      await addCard(tenant, scope, 2, { expiresAt: at(now - 1) })
      await put(scope, bench.records.bankToken(tenant, bench.records.fingerprint(scope)))
      expect(await bench.store.cardTokens(tenant, pageOf())).toEqual(listed)
      expect(await bench.store.countCardTokens(tenant, filterOf())).toBe(listed.length)
    })

    test('are those created from a time on, and before another', async () => {
      const { tenant, scope } = await addTenant()
      for (const ms of [10, 20, 30]) await addCard(tenant, scope, ms)
      const createdAt = async (wish: { from?: number; before?: number }): Promise<readonly number[]> => {
        const listed = await bench.store.cardTokens(tenant, pageOf(filterOf(wish)))
        expect(await bench.store.countCardTokens(tenant, filterOf(wish))).toBe(listed.length)
        return listed.map((token) => token.createdAt - bench.records.at)
      }
      expect(await createdAt({})).toEqual([10, 20, 30])
      expect(await createdAt({ from: 20 })).toEqual([20, 30])
      expect(await createdAt({ from: 21 })).toEqual([30])
      expect(await createdAt({ before: 20 })).toEqual([10])
      expect(await createdAt({ before: 21 })).toEqual([10, 20])
      expect(await createdAt({ from: 10, before: 30 })).toEqual([10, 20])
      expect(await createdAt({ from: 31 })).toEqual([])
      expect(await createdAt({ from: 30, before: 10 })).toEqual([])
    })

    test('come in pages without a gap or a repetition, in both orders, those of one moment by id', async () => {
      const { tenant, scope } = await addTenant()
      const linked = await addScope()
      await bench.put({ type: 'link-scope', scopeId: linked.id, tenantId: tenant.id })
      const made: CardToken[] = []
      // Four moments and two scopes, so that neither the end of a scope nor that of a moment is the end of a page.
      for (let no = 0; no < 23; no++)
        made.push(
          await addCard(tenant, no % 3 ? scope : linked, [3, 1, 4, 1][no % 4] ?? 0, { id: scattered(no) }),
        )
      const oldestFirst = made
        .toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
        .map(({ id }) => id)
      const list = async (fields: Partial<TokenPage>) =>
        (await bench.store.cardTokens(tenant, pageOf(fields))).map(({ id }) => id)

      for (const [order, expected] of [
        ['oldest first', oldestFirst],
        ['newest first', oldestFirst.toReversed()],
      ] as const) {
        expect(await list({ order })).toEqual(expected)
        for (const limit of [1, 4, 23]) {
          const pages: (readonly string[])[] = []
          for (let offset = 0; offset < 24; offset += limit) pages.push(await list({ order, limit, offset }))
          expect(pages.flat()).toEqual(expected)
        }
        expect(await list({ order, offset: 23 })).toEqual([])
      }
    })

    /** Ids in another order than the one in which the tokens are made. */
    const scattered = (no: number): CardToken['id'] =>
      `0000000${(no * 7) % 10}-0000-4000-8000-0000000000${String(no).padStart(2, '0')}` as CardToken['id']
  })
}
