import type { Change } from '@cardkeep/core/changes'
import type { TokenId } from '@cardkeep/core/kernel/ids'
import { type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import type { NetworkToken } from '@cardkeep/core/network-tokens/network-token'
import type { StoredToken } from '@cardkeep/core/tokens/token'
import { describe, expect, test } from 'vitest'
import { type Bench, conflict } from './bench.ts'

export const networkTokenConformance = (bench: Bench): void => {
  const after = (ms: number): EpochMs => epochMs(bench.records.at + ms)
  const nothing = new Uint8Array()
  const put = (networkToken: NetworkToken): Change => ({ type: 'put-network-token', networkToken })
  const replace = (networkToken: NetworkToken, from: NetworkToken['status']): Change => ({
    type: 'replace-network-token',
    networkToken,
    from,
  })
  const end = (tokenId: TokenId, ms: number): Change => ({
    type: 'end-network-tokens',
    tokenId,
    at: after(ms),
  })
  const settle = ({ id }: NetworkToken): Change => ({ type: 'settle-network-token', id })
  const erase = (token: StoredToken, ms: number): readonly Change[] => [
    { type: 'erase-token', token },
    { type: 'end-network-tokens', tokenId: token.id, at: after(ms), isTokenErased: true },
  ]

  /** A scope, a tenant, and two tokens of one number. */
  const setUp = async () => {
    const { records } = bench
    const scope = records.scope()
    const tenant = records.tenant({ defaultScopeId: scope.id })
    const fingerprint = records.fingerprint(scope)
    const token = records.token(tenant, fingerprint)
    const other = records.token(tenant, fingerprint, { unique: false })
    await bench.put(
      { type: 'put-scope', scope },
      { type: 'put-tenant', tenant },
      { type: 'put-fingerprint', fingerprint },
      { type: 'put-token', token },
      { type: 'put-token', token: other },
    )
    return { token, other }
  }

  describe('network tokens', () => {
    test('are read as they were put, one for each token', async () => {
      const { store, records } = bench
      const { token, other } = await setUp()
      const plain = records.networkToken(token)
      const full = records.networkToken(other, {
        status: 'suspended',
        updatedAt: after(1),
        isSettled: true,
      })
      await bench.put(put(plain), put(full))
      expect(await store.networkToken(token.id)).toEqual(plain)
      expect(await store.networkToken(other.id)).toEqual(full)
      expect(await store.networkToken(records.id())).toBeUndefined()
    })

    test.each(['active', 'suspended'] as const)(
      'are not put beside one of their token that is %s',
      async (status) => {
        const { store, records } = bench
        const { token } = await setUp()
        const first = records.networkToken(token, { status })
        await bench.put(put(first))
        for (const second of [records.networkToken(token), first])
          expect(await store.commit([put(second)])).toEqual(conflict('put-network-token'))
        expect(await store.networkToken(token.id)).toEqual(first)
      },
    )

    test('are put by one of several at once', async () => {
      const { records } = bench
      const { token } = await setUp()
      const another = await bench.openAnother()
      const results = await Promise.all(
        Array.from({ length: 8 }, (_, at) =>
          (at % 2 ? another : bench.store).commit([put(records.networkToken(token)), records.audit()]),
        ),
      )
      expect(results.filter(({ ok }) => ok)).toHaveLength(1)
    })

    test('move from the state that is expected, and from no other', async () => {
      const { store, records } = bench
      const { token } = await setUp()
      const active = records.networkToken(token)
      const suspended = {
        ...active,
        status: 'suspended' as const,
        sealed: records.bytes(40),
        updatedAt: after(4),
      }
      await bench.put(put(active), replace(suspended, 'active'))
      expect(await store.networkToken(token.id)).toEqual(suspended)
      for (const from of ['active', 'deleted'] as const)
        expect(await store.commit([replace(active, from)])).toEqual(conflict('replace-network-token'))
      expect(await store.commit([replace(records.networkToken(token), 'active')])).toEqual(
        conflict('replace-network-token'),
      )
      const deleted = { ...suspended, status: 'deleted' as const, sealed: nothing, isSettled: true }
      await bench.put(replace(deleted, 'suspended'))
      expect(await store.networkToken(token.id)).toEqual(deleted)
    })

    test('of a token end together with all that is sealed in them, and others stay', async () => {
      const { store, records } = bench
      const { token, other } = await setUp()
      const [mine, foreign] = [records.networkToken(token, { isSettled: true }), records.networkToken(other)]
      await bench.put(put(mine), put(foreign), end(token.id, 7))
      const ended = { ...mine, status: 'deleted', sealed: nothing, updatedAt: after(7), isSettled: false }
      expect(await store.networkToken(token.id)).toEqual(ended)
      expect(await store.networkToken(other.id)).toEqual(foreign)
      // What has ended stays as it is.
      await bench.put(end(token.id, 9), end(records.id(), 9))
      expect(await store.networkToken(token.id)).toEqual(ended)
    })

    test('that live are found before those that ended, and of those the last', async () => {
      const { store, records } = bench
      const { token } = await setUp()
      const [first, second, third] = [1, 5, 3].map((ms) =>
        records.networkToken(token, { createdAt: after(ms) }),
      )
      if (!first || !second || !third) throw new Error('three network tokens')
      await bench.put(put(first), end(token.id, 6), put(second), end(token.id, 6))
      expect((await store.networkToken(token.id))?.id).toBe(second.id)
      // Its clock is behind.
      await bench.put(put(third))
      expect((await store.networkToken(token.id))?.id).toBe(third.id)
      await bench.put(end(token.id, 7))
      expect((await store.networkToken(token.id))?.id).toBe(second.id)
      const [one, two] = [1, 2].map(() => records.networkToken(token, { createdAt: after(9) }))
      if (!one || !two) throw new Error('two network tokens')
      await bench.put(put(two), end(token.id, 10), put(one), end(token.id, 10))
      expect((await store.networkToken(token.id))?.id).toBe(one.id)
    })

    test('whose provider must still hear of their end are listed, oldest first, until it has', async () => {
      const { store, records } = bench
      const { token, other } = await setUp()
      const [first, second, living] = [
        records.networkToken(token),
        records.networkToken(other),
        records.networkToken(token),
      ]
      await bench.put(put(first), put(second), end(token.id, 9), end(other.id, 8), put(living))
      const listed = async (limit: number) =>
        (await store.unsettledNetworkTokens(limit)).map(({ id, status }) => [id, status])
      expect(await listed(10)).toEqual([
        [second.id, 'deleted'],
        [first.id, 'deleted'],
      ])
      expect(await listed(1)).toEqual([[second.id, 'deleted']])
      await bench.put(settle(second), settle(living), settle(records.networkToken(token)))
      expect(await listed(10)).toEqual([[first.id, 'deleted']])
      expect(await store.networkToken(other.id)).toMatchObject({ id: second.id, isSettled: true })
      expect(await store.networkToken(token.id)).toEqual(living)
      // Those of one moment in the order of their ids.
      const third = records.networkToken(other)
      await bench.put(settle(first), put(third), end(other.id, 10), end(token.id, 10))
      expect(await listed(10)).toEqual([
        [living.id, 'deleted'],
        [third.id, 'deleted'],
      ])
    })

    test('of a token that is erased stay until their provider has heard of it, and then go', async () => {
      const { store, records } = bench
      const { token } = await setUp()
      const [settled, owed, living] = [1, 2, 3].map((ms) =>
        records.networkToken(token, { createdAt: after(ms) }),
      )
      if (!settled || !owed || !living) throw new Error('three network tokens')
      await bench.put(put(settled), end(token.id, 4), settle(settled), put(owed), end(token.id, 5))
      await bench.put(put(living), ...erase(token, 6))
      expect((await store.unsettledNetworkTokens(10)).map(({ id }) => id)).toEqual([owed.id, living.id])
      expect(await store.networkToken(token.id)).toEqual({
        ...living,
        status: 'deleted',
        sealed: nothing,
        updatedAt: after(6),
      })
      await bench.put(settle(living))
      expect((await store.networkToken(token.id))?.id).toBe(owed.id)
      await bench.put(settle(owed))
      // The one that was settled before went with its token.
      expect(await store.networkToken(token.id)).toBeUndefined()
      expect(await store.unsettledNetworkTokens(10)).toEqual([])
    })

    test('that live stay, whatever their provider is said to know and though their token is not there', async () => {
      const { store, records } = bench
      const { token } = await setUp()
      const living = records.networkToken({ id: records.id(), scopeId: token.scopeId })
      await bench.put(put(living), settle(living))
      expect(await store.networkToken(living.tokenId)).toEqual(living)
    })

    test('of a token that stays, stay when they are settled, unless there is a later one', async () => {
      const { store, records } = bench
      const { token, other } = await setUp()
      const shown = () => store.networkToken(token.id)
      const [first, second] = [1, 2].map((ms) => records.networkToken(token, { createdAt: after(ms) }))
      // Their clocks are behind, so what was before would be shown in their place if it were still there.
      const [third, fourth] = [-1, -2].map((ms) => records.networkToken(token, { createdAt: after(ms) }))
      if (!first || !second || !third || !fourth) throw new Error('four network tokens')
      const foreign = records.networkToken(other)
      await bench.put(put(foreign), end(other.id, 1), settle(foreign))
      await bench.put(put(first), end(token.id, 1), put(second), end(token.id, 1), settle(second))
      expect(await shown()).toMatchObject({ id: second.id, isSettled: true })
      await bench.put(settle(first), end(token.id, 2))
      expect(await shown()).toMatchObject({ id: second.id, isSettled: true })
      // What is settled goes when another comes, and what is settled only then goes at once.
      await bench.put(put(third), end(token.id, 3))
      expect(await shown()).toMatchObject({ id: third.id, isSettled: false })
      await bench.put(put(fourth), settle(third), end(token.id, 4))
      expect(await shown()).toMatchObject({ id: fourth.id, isSettled: false })
      expect(await store.networkToken(other.id)).toMatchObject({ id: foreign.id, isSettled: true })
    })
  })
}
