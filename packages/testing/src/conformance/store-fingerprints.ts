import type { Change } from '@cardkeep/core/changes'
import { type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import type { StoredFingerprint } from '@cardkeep/core/tokens/fingerprint'
import type { StoredToken } from '@cardkeep/core/tokens/token'
import { describe, expect, test } from 'vitest'
import { type Bench, conflict } from './bench.ts'
import { countEntries } from './count-entries.ts'

export const fingerprintConformance = (bench: Bench): void => {
  const after = (ms: number): EpochMs => epochMs(bench.records.at + ms)
  const putFingerprint = (fingerprint: StoredFingerprint): Change => ({
    type: 'put-fingerprint',
    fingerprint,
  })
  const keep = (fingerprint: StoredFingerprint, ms: number): Change => ({
    type: 'keep-fingerprint',
    fingerprint,
    until: after(ms),
  })
  const release = (fingerprint: StoredFingerprint): Change => ({ type: 'release-fingerprint', fingerprint })
  const purge = (ms: number): Change => ({ type: 'purge-fingerprints', before: after(ms) })
  const putToken = (token: StoredToken): Change => ({ type: 'put-token', token })
  const replaceToken = (token: StoredToken): Change => ({ type: 'replace-token', token })
  const relink = (token: StoredToken): Change => ({ type: 'replace-token', token, isRelinked: true })
  const eraseToken = (token: StoredToken): Change => ({ type: 'erase-token', token })
  const found = ({ scopeId, hash }: StoredFingerprint) => bench.store.fingerprint(scopeId, hash)

  const setUp = async () => {
    const { records } = bench
    const scope = records.scope()
    const tenant = records.tenant({ defaultScopeId: scope.id })
    const [one, two] = [records.fingerprint(scope), records.fingerprint(scope)]
    await bench.put(
      { type: 'put-scope', scope },
      { type: 'put-tenant', tenant },
      putFingerprint(one),
      putFingerprint(two),
    )
    return { scope, tenant, one, two }
  }

  describe('a fingerprint whose id was promised', () => {
    test('is read with the end of the promise, also through its tokens', async () => {
      const { records, store } = bench
      const { scope, tenant } = await setUp()
      const fingerprint = records.fingerprint(scope, { analyticsUntil: after(5) })
      const token = records.token(tenant, fingerprint)
      await bench.put(putFingerprint(fingerprint), putToken(token))
      expect(await found(fingerprint)).toEqual(fingerprint)
      expect(await store.token(token.id)).toEqual(token)
      expect(await store.uniqueToken(fingerprint)).toEqual(token)
    })

    test('is kept until the latest end that anybody was told', async () => {
      const { one } = await setUp()
      for (const [ms, until] of [
        [5, 5],
        [3, 5],
        [9, 9],
      ] as const) {
        await bench.put(keep(one, ms))
        expect(await found(one)).toEqual({ ...one, analyticsUntil: after(until) })
      }
    })

    test('is that of its own scope alone', async () => {
      const { records } = bench
      const { one } = await setUp()
      const scope = records.scope()
      const elsewhere = records.fingerprint(scope, { hash: one.hash })
      await bench.put({ type: 'put-scope', scope }, putFingerprint(elsewhere), keep(one, 5))
      expect(await found(one)).toEqual({ ...one, analyticsUntil: after(5) })
      expect(await found(elsewhere)).toEqual(elsewhere)
    })

    test('must be there, or all of the list is in conflict', async () => {
      const { records, store } = bench
      const { scope } = await setUp()
      const missing = records.fingerprint(scope)
      expect(await store.commit([records.audit(), keep(missing, 5)])).toEqual(conflict('keep-fingerprint'))
      expect(await countEntries(store)).toBe(0)
    })

    test('may be promised in the list that puts a token for it, or makes it', async () => {
      const { records, store } = bench
      const { scope, tenant, one } = await setUp()
      const token = records.token(tenant, one)
      const fresh = records.fingerprint(scope)
      await bench.put(putToken(token), keep(one, 5), putFingerprint(fresh), keep(fresh, 6))
      expect((await store.token(token.id))?.fingerprint.analyticsUntil).toBe(after(5))
      expect(await found(fresh)).toEqual({ ...fresh, analyticsUntil: after(6) })
    })

    test('stays when its last token is erased or gets another number', async () => {
      const { records } = bench
      const { tenant, one, two } = await setUp()
      const [first, second] = [records.token(tenant, one), records.token(tenant, two)]
      await bench.put(keep(one, 5), keep(two, 5), putToken(first), putToken(second))
      await bench.put(eraseToken(first))
      await bench.put(relink({ ...second, version: 2, fingerprint: one }), release(two))
      expect((await found(one))?.analyticsUntil).toBe(after(5))
      expect((await found(two))?.analyticsUntil).toBe(after(5))
    })

    test('goes once the promise is over, unless a token has it, and then with that', async () => {
      const { records, store } = bench
      const { scope, tenant, one, two } = await setUp()
      const unpromised = records.fingerprint(scope)
      const token = records.token(tenant, one)
      await bench.put(keep(one, 5), keep(two, 5), putFingerprint(unpromised), putToken(token))
      await bench.put(purge(5))
      expect((await found(two))?.analyticsUntil).toBe(after(5))
      await bench.put(purge(6))
      expect(await found(two)).toBeUndefined()
      expect(await found(one)).toEqual(one)
      expect(await store.token(token.id)).toEqual(token)
      expect(await found(unpromised)).toEqual(unpromised)
      await bench.put(eraseToken(token))
      expect(await found(one)).toBeUndefined()
    })

    test('may be promised again when the promise is over', async () => {
      const { records } = bench
      const { tenant, one } = await setUp()
      await bench.put(keep(one, 5), putToken(records.token(tenant, one)), purge(6))
      await bench.put(keep(one, 7), purge(7))
      expect((await found(one))?.analyticsUntil).toBe(after(7))
    })

    test('is one of many: all that are over go at once, and no others', async () => {
      const { records } = bench
      const { scope, tenant } = await setUp()
      // More than are removed at once.
      const prints = Array.from({ length: 2_300 }, (_, at) =>
        records.fingerprint(scope, { analyticsUntil: after(at % 2 ? 5 : 50) }),
      )
      for (let from = 0; from < prints.length; from += 100)
        await bench.put(...prints.slice(from, from + 100).map(putFingerprint))
      const held = prints.filter((_, at) => at % 20 < 2)
      await bench.put(...held.map((print) => putToken(records.token(tenant, print))))
      await bench.put(purge(10))
      const left = await Promise.all(prints.map(found))
      expect(left.map((print) => print?.analyticsUntil ?? (print ? 'held' : 'gone'))).toEqual(
        prints.map((_, at) => (at % 2 === 0 ? after(50) : at % 20 < 2 ? 'held' : 'gone')),
      )
    })
  })

  describe('a fingerprint that is released', () => {
    test('goes if no token has it, and is put again as another', async () => {
      const { records } = bench
      const { scope, one } = await setUp()
      await bench.put(release(one))
      expect(await found(one)).toBeUndefined()
      const again = records.fingerprint(scope, { hash: one.hash })
      await bench.put(putFingerprint(again), release(records.fingerprint(scope)))
      expect(await found(one)).toEqual(again)
    })

    test.each(['active', 'suspended', 'deleted'] as const)(
      'stays while a token has it that is %s',
      async (status) => {
        const { records } = bench
        const { tenant, one } = await setUp()
        const token = records.token(tenant, one, { status })
        await bench.put(putToken(token), release(one))
        expect(await found(one)).toEqual(one)
      },
    )

    test('is that of its own scope alone', async () => {
      const { records } = bench
      const { one } = await setUp()
      const scope = records.scope()
      const elsewhere = records.fingerprint(scope, { hash: one.hash })
      await bench.put({ type: 'put-scope', scope }, putFingerprint(elsewhere), release(elsewhere))
      expect(await found(one)).toEqual(one)
      expect(await found(elsewhere)).toBeUndefined()
    })
  })

  describe('a token that gets another number', () => {
    test('is found by that one, and nothing is left of the one before', async () => {
      const { records, store } = bench
      const { scope, tenant, one } = await setUp()
      const token = records.token(tenant, one)
      const fresh = records.fingerprint(scope)
      const relinked: StoredToken = {
        ...token,
        version: 2,
        fingerprint: fresh,
        mask: { bin: '510510', last4: '5100', length: 16 },
        scheme: 'mastercard',
        sealed: records.bytes(40),
        endsWithCard: true,
      }
      await bench.put(putToken(token))
      await bench.put(putFingerprint(fresh), relink(relinked), release(one))
      expect(await store.token(token.id)).toEqual(relinked)
      expect(await store.uniqueToken(fresh)).toEqual(relinked)
      expect(await store.uniqueToken(one)).toBeUndefined()
      expect(await found(one)).toBeUndefined()
    })

    test('is in conflict where that one is not there', async () => {
      const { records, store } = bench
      const { scope, tenant, one } = await setUp()
      const token = records.token(tenant, one)
      await bench.put(putToken(token))
      const missing = { ...token, version: 2, fingerprint: records.fingerprint(scope) }
      expect(await store.commit([relink(missing), release(one)])).toEqual(conflict('replace-token'))
      expect(await store.token(token.id)).toEqual(token)
      expect(await found(one)).toEqual(one)
    })

    test('is no second unique one of it, and may be one of many', async () => {
      const { records, store } = bench
      const { tenant, one, two } = await setUp()
      const [mine, theirs] = [records.token(tenant, one), records.token(tenant, two)]
      await bench.put(putToken(mine), putToken(theirs))
      const relinked = { ...mine, version: 2, fingerprint: two }
      expect(await store.commit([relink(relinked), release(one)])).toEqual(conflict('replace-token'))
      await bench.put(relink({ ...relinked, unique: false }), release(one))
      expect(await store.uniqueToken(two)).toEqual(theirs)
      expect(await store.token(mine.id)).toEqual({ ...relinked, unique: false })
    })

    test('takes the place of the unique one that makes room before it, in that order alone', async () => {
      const { records, store } = bench
      const { tenant, one, two } = await setUp()
      const [older, younger] = [
        records.token(tenant, one),
        records.token(tenant, two, { createdAt: after(1) }),
      ]
      await bench.put(putToken(older), putToken(younger))
      const demoted = { ...younger, version: 2, unique: false }
      const relinked = { ...older, version: 2, fingerprint: two }
      expect(await store.commit([relink(relinked), replaceToken(demoted), release(one)])).toEqual(
        conflict('replace-token'),
      )
      expect(await store.uniqueToken(one)).toEqual(older)
      await bench.put(replaceToken(demoted), relink(relinked), release(one))
      expect(await store.uniqueToken(two)).toEqual(relinked)
      expect(await store.token(younger.id)).toEqual(demoted)
      expect(await found(one)).toBeUndefined()
    })

    test('and another that gets its number at the same time leave one list written, and no deadlock', async () => {
      const { records, store } = bench
      const { tenant, one, two } = await setUp()
      const tokens = [one, two].map((print) => records.token(tenant, print, { unique: false }))
      const [a, b] = tokens
      if (!a || !b) throw new Error('two tokens')
      await bench.put(...tokens.map(putToken))
      const another = await bench.openAnother()
      for (let version = 2; version < 12; version++) {
        const [ofA, ofB] = version % 2 ? [one, two] : [two, one]
        const changes = [
          relink({ ...a, version, fingerprint: ofA }),
          relink({ ...b, version, fingerprint: ofB }),
        ]
        const releases = [release(one), release(two)]
        const results = await Promise.all([
          store.commit([...changes, ...releases]),
          another.commit([...changes.toReversed(), ...releases.toReversed()]),
        ])
        expect(results.filter(({ ok }) => ok)).toHaveLength(1)
        expect(results.find(({ ok }) => !ok)).toEqual(conflict('replace-token'))
        expect((await store.token(a.id))?.fingerprint).toEqual(ofA)
        expect((await store.token(b.id))?.fingerprint).toEqual(ofB)
      }
    })
  })

  describe('the oldest token of a number', () => {
    test('is the first that was made and is not deleted, unique or not', async () => {
      const { records, store } = bench
      const { scope, tenant, one, two } = await setUp()
      const [deleted, oldest, same, unique, elsewhere] = [
        records.token(tenant, one, { unique: false, status: 'deleted', createdAt: after(1) }),
        records.token(tenant, one, { unique: false, status: 'suspended', createdAt: after(2) }),
        records.token(tenant, one, { unique: false, createdAt: after(2) }),
        records.token(tenant, one, { createdAt: after(3) }),
        records.token(tenant, two, { createdAt: after(0) }),
      ]
      await bench.put(...[unique, same, oldest, deleted, elsewhere].map(putToken))
      const [first, second] = [oldest, same].toSorted((a, b) => (a.id < b.id ? -1 : 1))
      if (!first || !second) throw new Error('two tokens')
      expect(await store.oldestToken(one)).toEqual(first)
      await bench.put(replaceToken({ ...first, version: 2, status: 'deleted' }))
      expect(await store.oldestToken(one)).toEqual(second)
      await bench.put(replaceToken({ ...second, version: 2, status: 'deleted' }))
      expect(await store.oldestToken(one)).toEqual(unique)
      expect(await store.oldestToken({ ...one, scopeId: records.id() })).toBeUndefined()
      expect(await store.oldestToken(records.fingerprint(scope))).toBeUndefined()
    })
  })
}
