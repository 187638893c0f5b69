import type { Change } from '@cardkeep/core/changes'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { Scope, Tenant } from '@cardkeep/core/tenants/tenant'
import type { StoredFingerprint } from '@cardkeep/core/tokens/fingerprint'
import type { StoredToken } from '@cardkeep/core/tokens/token'
import { describe, expect, test } from 'vitest'
import { type Bench, conflict, made } from './bench.ts'
import { countEntries } from './count-entries.ts'

export const tokenConformance = (bench: Bench): void => {
  /** A scope, a tenant and a fingerprint in the scope. */
  const setUp = async (): Promise<{ scope: Scope; tenant: Tenant; fingerprint: StoredFingerprint }> => {
    const scope = bench.records.scope()
    const tenant = bench.records.tenant({ defaultScopeId: scope.id })
    const fingerprint = bench.records.fingerprint(scope)
    await bench.put(
      { type: 'put-scope', scope },
      { type: 'put-tenant', tenant },
      { type: 'put-fingerprint', fingerprint },
    )
    return { scope, tenant, fingerprint }
  }
  const putToken = (token: StoredToken): Change => ({ type: 'put-token', token })
  const replaceToken = (token: StoredToken): Change => ({ type: 'replace-token', token })
  const eraseToken = (token: StoredToken): Change => ({ type: 'erase-token', token })

  describe('tokens', () => {
    test('are read as they were put, with every field', async () => {
      const { tenant, fingerprint } = await setUp()
      const plain = bench.records.token(tenant, fingerprint)
      const full = bench.records.token(tenant, fingerprint, {
        version: 7,
        status: 'suspended',
        test: true,
        unique: false,
        scheme: 'amex',
        mask: { bin: '371449', last4: '8431', length: 15 },
        updatedAt: epochMs(bench.records.at + 1),
        expiresAt: epochMs(bench.records.at + 2),
        endsWithCard: true,
        invalidatedAt: epochMs(bench.records.at + 3),
      })
      await bench.put(putToken(plain), putToken(full))
      expect(await bench.store.token(plain.id)).toEqual(plain)
      expect(await bench.store.token(full.id)).toEqual(full)
      expect(await bench.store.token(bench.records.id())).toBeUndefined()
    })

    test('of bank accounts have no scheme and no BIN, and stand beside those of cards', async () => {
      const { tenant, fingerprint } = await setUp()
      const bank = bench.records.bankToken(tenant, fingerprint, { mask: { last4: '89', length: 4 } })
      const card = bench.records.token(tenant, fingerprint, { unique: false })
      await bench.put(putToken(card), putToken(bank))
      expect(await bench.store.token(bank.id)).toEqual(bank)
      expect(await bench.store.uniqueToken(fingerprint)).toEqual(bank)
      const replaced = { ...bank, version: 2, mask: { last4: '6789', length: 9 } }
      await bench.put(replaceToken(replaced))
      expect(await bench.store.token(bank.id)).toEqual(replaced)
    })

    test('are not put twice under one id', async () => {
      const { tenant, fingerprint } = await setUp()
      const token = bench.records.token(tenant, fingerprint, { unique: false })
      await bench.put(putToken(token))
      expect(await bench.store.commit([putToken(token)])).toEqual(conflict('put-token'))
    })

    test('are replaced from the version before, in every field', async () => {
      const { tenant, fingerprint } = await setUp()
      const token = bench.records.token(tenant, fingerprint)
      await bench.put(putToken(token))
      const replaced: StoredToken = {
        ...token,
        version: 2,
        status: 'suspended',
        test: true,
        mask: { bin: '510510', last4: '5100', length: 16 },
        scheme: 'mastercard',
        sealed: bench.records.bytes(50),
        updatedAt: epochMs(token.updatedAt + 1),
        expiresAt: epochMs(token.createdAt + 9),
        endsWithCard: true,
        invalidatedAt: epochMs(token.createdAt + 8),
      }
      await bench.put(replaceToken(replaced))
      expect(await bench.store.token(token.id)).toEqual(replaced)
    })

    test.each([1, 3])('of version 1 are not replaced by version %i', async (version) => {
      const { tenant, fingerprint } = await setUp()
      const token = bench.records.token(tenant, fingerprint)
      await bench.put(putToken(token))
      expect(await bench.store.commit([replaceToken({ ...token, version, status: 'deleted' })])).toEqual(
        conflict('replace-token'),
      )
      expect(await bench.store.token(token.id)).toEqual(token)
    })

    test('are not replaced where there is none', async () => {
      const { tenant, fingerprint } = await setUp()
      const token = bench.records.token(tenant, fingerprint, { version: 2 })
      expect(await bench.store.commit([replaceToken(token)])).toEqual(conflict('replace-token'))
    })

    test('are replaced by exactly one of several at once', async () => {
      const { tenant, fingerprint } = await setUp()
      const token = bench.records.token(tenant, fingerprint)
      await bench.put(putToken(token))
      const lists = Array.from({ length: 16 }, () => [
        replaceToken({ ...token, version: 2 }),
        bench.records.audit(),
      ])
      const results = await Promise.all(lists.map((list) => bench.store.commit(list)))
      expect(results.filter(({ ok }) => ok)).toHaveLength(1)
      expect(await countEntries(bench.store)).toBe(1)
    })
  })

  describe('a list that expects a token', () => {
    const expectToken = (token: Pick<StoredToken, 'id' | 'version'>): Change => ({
      type: 'expect-token',
      token,
    })

    test('commits on that version, and leaves the token as it is', async () => {
      const { tenant, fingerprint } = await setUp()
      const token = bench.records.token(tenant, fingerprint)
      await bench.put(putToken(token))
      await bench.put(expectToken(token), bench.records.audit())
      expect(await bench.store.token(token.id)).toEqual(token)
      expect(await countEntries(bench.store)).toBe(1)
    })

    test('commits nothing on another version, or where there is none', async () => {
      const { tenant, fingerprint } = await setUp()
      const token = bench.records.token(tenant, fingerprint, { version: 2 })
      await bench.put(putToken(token))
      for (const wrong of [
        { ...token, version: 1 },
        { ...token, version: 3 },
        { id: bench.records.id<StoredToken['id']>(), version: 2 },
      ])
        expect(await bench.store.commit([bench.records.audit(), expectToken(wrong)])).toEqual(
          conflict('expect-token'),
        )
      expect(await countEntries(bench.store)).toBe(0)
    })

    test('finds what the changes before it in its list have made', async () => {
      const { tenant, fingerprint } = await setUp()
      const token = bench.records.token(tenant, fingerprint)
      await bench.put(putToken(token), expectToken(token))
      const next = { ...token, version: 2 }
      await bench.put(replaceToken(next), expectToken(next))
      expect(await bench.store.commit([replaceToken({ ...next, version: 3 }), expectToken(next)])).toEqual(
        conflict('expect-token'),
      )
      expect(await bench.store.token(token.id)).toEqual(next)
    })

    test('is in conflict where another list changes the token in the same moment', async () => {
      const { tenant, fingerprint } = await setUp()
      const token = bench.records.token(tenant, fingerprint)
      await bench.put(putToken(token))
      const [changed, first, second] = await Promise.all([
        bench.store.commit([replaceToken({ ...token, version: 2, status: 'suspended' })]),
        bench.store.commit([expectToken(token), bench.records.audit()]),
        bench.store.commit([expectToken({ ...token, version: 2 }), bench.records.audit()]),
      ])
      expect([changed, first, second]).toEqual([made, conflict('expect-token'), made])
    })
  })

  describe('fingerprints', () => {
    test('are found by scope and hash', async () => {
      const { scope, fingerprint } = await setUp()
      expect(await bench.store.fingerprint(scope.id, fingerprint.hash)).toEqual(fingerprint)
      expect(await bench.store.fingerprint(bench.records.id(), fingerprint.hash)).toBeUndefined()
      expect(await bench.store.fingerprint(scope.id, bench.records.bytes(32))).toBeUndefined()
    })

    test('are one for each hash of a scope, and another scope has its own', async () => {
      const { scope, fingerprint } = await setUp()
      const again = bench.records.fingerprint(scope, { hash: fingerprint.hash, keyVersion: 2 })
      expect(await bench.store.commit([{ type: 'put-fingerprint', fingerprint: again }])).toEqual(
        conflict('put-fingerprint'),
      )
      const other = bench.records.scope()
      const elsewhere = bench.records.fingerprint(other, { hash: fingerprint.hash })
      await bench.put(
        { type: 'put-scope', scope: other },
        { type: 'put-fingerprint', fingerprint: elsewhere },
      )
      expect(await bench.store.fingerprint(other.id, fingerprint.hash)).toEqual(elsewhere)
    })

    test('that are gone make a token that counts on them a conflict', async () => {
      const { scope, tenant } = await setUp()
      const gone = bench.records.fingerprint(scope)
      const token = bench.records.token(tenant, gone)
      expect(await bench.store.commit([putToken(token)])).toEqual(conflict('put-token'))
    })
  })

  describe('the unique token', () => {
    test('of a fingerprint is found in its scope', async () => {
      const { scope, tenant, fingerprint } = await setUp()
      const token = bench.records.token(tenant, fingerprint)
      await bench.put(putToken(bench.records.token(tenant, fingerprint, { unique: false })), putToken(token))
      expect(await bench.store.uniqueToken(fingerprint)).toEqual(token)
      expect(await bench.store.uniqueToken({ ...fingerprint, scopeId: bench.records.id() })).toBeUndefined()
      expect(
        await bench.store.uniqueToken({ ...fingerprint, hash: bench.records.fingerprint(scope).hash }),
      ).toBeUndefined()
    })

    test('is found while it is suspended', async () => {
      const { tenant, fingerprint } = await setUp()
      const token = bench.records.token(tenant, fingerprint, { status: 'suspended' })
      await bench.put(putToken(token))
      expect(await bench.store.uniqueToken(fingerprint)).toEqual(token)
    })

    test('is none of those that may be many', async () => {
      const { tenant, fingerprint } = await setUp()
      const many = [1, 2, 3].map(() => putToken(bench.records.token(tenant, fingerprint, { unique: false })))
      await bench.put(...many)
      expect(await bench.store.uniqueToken(fingerprint)).toBeUndefined()
    })

    test('suffers no second one beside it', async () => {
      const { tenant, fingerprint } = await setUp()
      await bench.put(putToken(bench.records.token(tenant, fingerprint, { status: 'suspended' })))
      const second = bench.records.token(tenant, fingerprint)
      expect(await bench.store.commit([putToken(second)])).toEqual(conflict('put-token'))
      expect(await bench.store.token(second.id)).toBeUndefined()
    })

    test('does not come about by replacing another', async () => {
      const { tenant, fingerprint } = await setUp()
      const free = bench.records.token(tenant, fingerprint, { unique: false })
      await bench.put(putToken(bench.records.token(tenant, fingerprint)), putToken(free))
      expect(await bench.store.commit([replaceToken({ ...free, version: 2, unique: true })])).toEqual(
        conflict('replace-token'),
      )
    })

    test('makes room for another once it is deleted', async () => {
      const { tenant, fingerprint } = await setUp()
      const first = bench.records.token(tenant, fingerprint)
      await bench.put(putToken(first))
      await bench.put(replaceToken({ ...first, version: 2, status: 'deleted' }))
      expect(await bench.store.uniqueToken(fingerprint)).toBeUndefined()
      const second = bench.records.token(tenant, fingerprint)
      await bench.put(putToken(second))
      expect(await bench.store.uniqueToken(fingerprint)).toEqual(second)
    })

    test('is made by exactly one of several first tokenisations at once, here and in another store', async () => {
      const scope = bench.records.scope()
      const tenant = bench.records.tenant()
      await bench.put({ type: 'put-scope', scope }, { type: 'put-tenant', tenant })
      const hash = bench.records.bytes(32)
      const another = await bench.openAnother()
      const stores = Array.from({ length: 16 }, (_, at) => (at % 2 ? another : bench.store))
      const results = await Promise.all(
        stores.map((store) => {
          const fingerprint = bench.records.fingerprint(scope, { hash })
          return store.commit([
            { type: 'put-fingerprint', fingerprint },
            putToken(bench.records.token(tenant, fingerprint)),
            bench.records.audit(),
          ])
        }),
      )
      expect(results.filter(({ ok }) => ok)).toEqual([made])
      const known = await bench.store.fingerprint(scope.id, hash)
      expect(known && (await bench.store.uniqueToken(known))).toBeDefined()
      expect(await countEntries(bench.store)).toBe(1)
    })
  })

  describe('an erased token', () => {
    test('takes its fingerprint with it when it was the last that had it', async () => {
      const { scope, tenant, fingerprint } = await setUp()
      const last = bench.records.token(tenant, fingerprint)
      const other = bench.records.token(tenant, fingerprint, { unique: false, status: 'deleted' })
      await bench.put(putToken(last), putToken(other))
      await bench.put(eraseToken(other))
      expect(await bench.store.token(other.id)).toBeUndefined()
      expect(await bench.store.fingerprint(scope.id, fingerprint.hash)).toEqual(fingerprint)
      await bench.put(eraseToken(last))
      expect(await bench.store.fingerprint(scope.id, fingerprint.hash)).toBeUndefined()
      await bench.put({ type: 'put-fingerprint', fingerprint: bench.records.fingerprint(scope, fingerprint) })
    })

    test('that is one of the last two of a fingerprint in a list leaves nothing', async () => {
      const { scope, tenant, fingerprint } = await setUp()
      const pair = [true, false].map((unique) => bench.records.token(tenant, fingerprint, { unique }))
      await bench.put(...pair.map(putToken))
      await bench.put(...pair.map(eraseToken))
      expect(await bench.store.fingerprint(scope.id, fingerprint.hash)).toBeUndefined()
    })

    test.each(['put first', 'erased first'])(
      'makes room for a unique one in the same list, %s',
      async (order) => {
        const { scope, tenant, fingerprint } = await setUp()
        const old = bench.records.token(tenant, fingerprint)
        await bench.put(putToken(old))
        const young = bench.records.token(tenant, fingerprint)
        const list = [putToken(young), eraseToken(old)]
        await bench.put(...(order === 'put first' ? list : list.toReversed()))
        expect(await bench.store.token(old.id)).toBeUndefined()
        expect(await bench.store.uniqueToken(fingerprint)).toEqual(young)
        expect(await bench.store.fingerprint(scope.id, fingerprint.hash)).toEqual(fingerprint)
      },
    )

    test('comes back with everything when its list is in conflict', async () => {
      const { scope, tenant, fingerprint } = await setUp()
      const token = bench.records.token(tenant, fingerprint)
      await bench.put(putToken(token))
      expect(await bench.store.commit([eraseToken(token), { type: 'put-scope', scope }])).toEqual(
        conflict('put-scope'),
      )
      expect(await bench.store.uniqueToken(fingerprint)).toEqual(token)
    })

    test('had the expected version', async () => {
      const { tenant, fingerprint } = await setUp()
      const token = bench.records.token(tenant, fingerprint)
      await bench.put(putToken(token))
      expect(await bench.store.commit([eraseToken({ ...token, version: 2 })])).toEqual(
        conflict('erase-token'),
      )
      await bench.put(eraseToken(token))
      expect(await bench.store.commit([eraseToken(token)])).toEqual(conflict('erase-token'))
    })
  })

  test('expired tokens come oldest first, but not deleted ones, and no more than asked for', async () => {
    const { tenant, fingerprint } = await setUp()
    const { at } = bench.records
    const expiring = (afterMs: number | undefined, status: StoredToken['status'] = 'active') =>
      bench.records.token(tenant, fingerprint, {
        unique: false,
        status,
        expiresAt: afterMs === undefined ? undefined : epochMs(at + afterMs),
      })
    const late = expiring(30, 'suspended')
    const early = expiring(10)
    const middle = expiring(20)
    const others = [expiring(5, 'deleted'), expiring(31), expiring(undefined)]
    await bench.put(...[late, early, middle, ...others].map(putToken))
    expect(await bench.store.expiredTokens(epochMs(at + 30), 10)).toEqual([early, middle, late])
    expect(await bench.store.expiredTokens(epochMs(at + 30), 2)).toEqual([early, middle])
    expect(await bench.store.expiredTokens(epochMs(at + 9), 10)).toEqual([])
  })

  describe('deleted tokens', () => {
    test('stay without a card, make room for another, and are erased alone', async () => {
      const { scope, tenant, fingerprint } = await setUp()
      const first = bench.records.token(tenant, fingerprint)
      const tombstone: StoredToken = {
        ...first,
        version: 2,
        status: 'deleted',
        sealed: new Uint8Array(),
      }
      await bench.put(putToken(first))
      await bench.put(replaceToken(tombstone))
      expect(await bench.store.token(first.id)).toEqual(tombstone)
      const second = bench.records.token(tenant, fingerprint)
      await bench.put(putToken(second))
      await bench.put({ type: 'erase-token', token: tombstone })
      expect(await bench.store.token(first.id)).toBeUndefined()
      expect(await bench.store.uniqueToken(fingerprint)).toEqual(second)
      const third: StoredToken = { ...second, version: 2, status: 'deleted', sealed: new Uint8Array() }
      await bench.put(replaceToken(third))
      await bench.put({ type: 'erase-token', token: third })
      expect(await bench.store.fingerprint(scope.id, fingerprint.hash)).toBeUndefined()
    })

    test('are listed by when they were deleted, oldest first, and no more than asked for', async () => {
      const { tenant, fingerprint } = await setUp()
      const { at } = bench.records
      const [late, early, middle, living] = ([30, 10, 20, 5] as const).map((ms) =>
        bench.records.token(tenant, fingerprint, {
          unique: false,
          status: ms === 5 ? 'suspended' : 'deleted',
          updatedAt: epochMs(at + ms),
        }),
      )
      if (!late || !early || !middle || !living) throw new Error('four tokens')
      await bench.put(...[late, early, middle, living].map(putToken))
      expect(await bench.store.deletedTokens(epochMs(at + 31), 10)).toEqual([early, middle, late])
      expect(await bench.store.deletedTokens(epochMs(at + 30), 10)).toEqual([early, middle])
      expect(await bench.store.deletedTokens(epochMs(at + 31), 1)).toEqual([early])
    })
  })

  test('tokens are found by their last digits, newest first, of one tenant or of all', async () => {
    const { tenant, fingerprint } = await setUp()
    const other = bench.records.tenant()
    await bench.put({ type: 'put-tenant', tenant: other })
    const { at } = bench.records
    const ending = (last4: string, ms: number, by = tenant) =>
      bench.records.token(by, fingerprint, {
        unique: false,
        status: ms === 2 ? 'deleted' : 'active',
        mask: { bin: '411111', last4, length: 16 },
        createdAt: epochMs(at + ms),
      })
    const [first, second, third] = [ending('1111', 1), ending('1111', 2), ending('1111', 3, other)]
    const bank = bench.records.bankToken(tenant, fingerprint, { mask: { last4: '1111', length: 9 } })
    await bench.put(...[second, third, first, ending('1112', 4), bank].map(putToken))
    expect(await bench.store.tokensEndingIn('1111', undefined, 10)).toEqual([third, second, first, bank])
    expect(await bench.store.tokensEndingIn('1111', tenant.id, 10)).toEqual([second, first, bank])
    expect(await bench.store.tokensEndingIn('1111', undefined, 2)).toEqual([third, second])
    expect(await bench.store.tokensEndingIn('111', undefined, 10)).toEqual([])
  })
}
