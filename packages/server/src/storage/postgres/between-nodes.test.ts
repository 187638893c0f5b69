import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { captureKeysPerTenant } from '@cardkeep/core/captures/capture-key'
import type { Change, Conflict } from '@cardkeep/core/changes'
import type { Result } from '@cardkeep/core/kernel/result'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { Store } from '@cardkeep/core/ports'
import type { StoredFingerprint } from '@cardkeep/core/tokens/fingerprint'
import type { StoredToken } from '@cardkeep/core/tokens/token'
import { createFixedClock } from '@cardkeep/testing/clock'
import { conflict, made } from '@cardkeep/testing/conformance/bench'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { describeOnPostgres } from '@cardkeep/testing/servers/shared'
import { afterEach, expect, test } from 'vitest'
import { planRemovals } from '../sql/plan.ts'
import { type Call, createDatabase, needsAnswer, type Session } from './database.ts'
import { type ListStep, planList } from './plan-list.ts'
import { type PostgresSettings, usualPatience } from './settings.ts'
import { statementsFor } from './statements.ts'
import { openPostgresStore, type PostgresStore } from './store.ts'

/*
 * What one node does while another has done the opposite and not committed it yet. The other is a session that sends the
 * statements of its list and waits.
 */
describeOnPostgres('what two nodes change at once', (server) => {
  const records = createRecords()
  const statements = statementsFor('none')
  const open: (PostgresStore | Session)[] = []
  afterEach(() => Promise.all(open.splice(0).map((one) => one.close())))

  const settingsFor = (url: string): PostgresSettings => ({
    ...{ url, passwordFile: server.passwordFile, password: undefined, tls: undefined },
    ...{ connections: 4, pooler: 'none' },
  })
  const openNode = async (url: string): Promise<PostgresStore> => {
    const store = await openPostgresStore({
      settings: settingsFor(url),
      chain: 'own',
      clock: createFixedClock(),
    })
    open.push(store)
    return store
  }

  const hashByte = 0x6d
  const fingerprintOf = (scope: Parameters<typeof records.fingerprint>[0]): StoredFingerprint => {
    const hash = new Uint8Array(32).fill(hashByte)
    hash.set(records.bytes(4))
    return records.fingerprint(scope, { hash })
  }

  const setUp = async () => {
    const url = await server.createDatabase()
    const node = await openNode(url)
    const session = await createDatabase(settingsFor(url), usualPatience).connect()
    open.push(session)
    const scope = records.scope()
    const tenant = records.tenant({ defaultScopeId: scope.id })
    const [print, other] = [fingerprintOf(scope), fingerprintOf(scope)]
    const put = async (...changes: readonly Change[]): Promise<void> =>
      expect(await node.commit(changes)).toEqual(made)
    await put(
      { type: 'put-scope', scope },
      { type: 'put-tenant', tenant },
      { type: 'put-fingerprint', fingerprint: print },
      { type: 'put-fingerprint', fingerprint: other },
    )
    const send = async (calls: readonly Call[]): Promise<void> => {
      for (const outcome of await session.send(calls)) needsAnswer(outcome)
    }
    /** This node waits for the other. */
    const waits = (): Promise<void> => expect.poll(() => waiting(url), { timeout: 10_000 }).toBe(1)
    const plain = (text: string): Call => ({ statement: { name: undefined, text }, values: [] })
    return {
      ...{ url, node, put, tenant, print, other },
      found: () => node.fingerprint(print.scopeId, print.hash),
      /** The other node has written these and not committed them. */
      begin: (...changes: readonly Change[]) => send([plain('begin'), ...callsOf(planList(changes).steps)]),
      beginRemoving: (change: Change) => send([plain('begin'), ...callsOf(planRemovals(change).flat())]),
      /** The other node commits once this one waits for it, if it does. */
      commitWhileWaits: async (commit: ReturnType<Store['commit']>): Promise<Result<void, Conflict>> => {
        await waits()
        await send([plain('commit')])
        return commit
      },
      write: (...changes: readonly Change[]) => send(callsOf(planList(changes).steps)),
      waits,
      commit: () => send([plain('commit')]),
      rollBack: () => send([plain('rollback')]),
    }
  }

  const callsOf = (steps: readonly Pick<ListStep, 'statement' | 'values'>[]): readonly Call[] =>
    steps.map(({ statement, values }) => ({ statement: statements[statement], values }))

  const waiting = async (url: string): Promise<unknown> =>
    (
      await server.query(
        url,
        `select count(*) as sessions from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'`,
      )
    )[0]?.['sessions']

  /** Sessions tell when they end. */
  const deadlocksOf = async (url: string): Promise<unknown> => {
    await Promise.all(open.splice(0).map((one) => one.close()))
    const name = new URL(url).pathname.slice(1)
    const [found] = await server.query(
      server.url(),
      `select deadlocks from pg_stat_database where datname = '${name}'`,
    )
    return found?.['deadlocks']
  }

  const putToken = (token: StoredToken): Change => ({ type: 'put-token', token })
  const eraseToken = (token: StoredToken): Change => ({ type: 'erase-token', token })
  const release = (fingerprint: StoredFingerprint): Change => ({ type: 'release-fingerprint', fingerprint })
  const keep = (fingerprint: StoredFingerprint, until: number): Change => ({
    type: 'keep-fingerprint',
    fingerprint,
    until: epochMs(until),
  })
  const purge = (before: number): Change => ({ type: 'purge-fingerprints', before: epochMs(before) })

  afterEach(() => {
    const log = readFileSync(join(server.folder, 'postgres.log'), 'utf8')
    if (log.includes(hashByte.toString(16).repeat(6))) throw new Error('the log of the server quotes a hash')
  })

  test('a fingerprint that is released while a token is put for it stays, and nobody is in conflict', async () => {
    const { node, tenant, print, begin, commitWhileWaits, found } = await setUp()
    const token = records.token(tenant, print)
    await begin(putToken(token))
    expect(await commitWhileWaits(node.commit([release(print), records.audit()]))).toEqual(made)
    expect(await found()).toEqual(print)
    expect(await node.token(token.id)).toEqual(token)
  })

  test.each(['alone', 'beside other lists'])(
    'a token that is put %s while its fingerprint is released is in conflict',
    async (how) => {
      const { node, tenant, print, other, begin, commitWhileWaits } = await setUp()
      await begin(release(print))
      const beside = how === 'alone' ? [] : [node.commit([putToken(records.token(tenant, other))])]
      const putting = node.commit([putToken(records.token(tenant, print)), records.audit()])
      expect(await commitWhileWaits(putting)).toEqual(conflict('put-token'))
      for (const result of await Promise.all(beside)) expect(result).toEqual(made)
    },
  )

  test('a purge waits for no fingerprint for which a token is put, and breaks nothing', async () => {
    const { url, node, tenant, print, put, begin, commit, found } = await setUp()
    await put(keep(print, 5))
    const token = records.token(tenant, print)
    await begin(putToken(token))
    const run = { isOver: false }
    const end = (): void => {
      run.isOver = true
    }
    const purging = node.commit([purge(6)])
    purging.then(end, end)
    while (!run.isOver) expect(await waiting(url)).toBe(0)
    expect(await purging).toEqual(made)
    await commit()
    expect((await node.token(token.id))?.fingerprint.id).toBe(print.id)
    await put(purge(6))
    expect(await found()).toEqual(print)
  })

  test('and has it removed by the next one where that token is not committed', async () => {
    const { tenant, print, put, begin, rollBack, found } = await setUp()
    await put(keep(print, 5))
    await begin(putToken(records.token(tenant, print)))
    await put(purge(6))
    await rollBack()
    await put(purge(6))
    expect(await found()).toBeUndefined()
  })

  test('a purge that a token overtakes is no error, and what was committed with it stands', async () => {
    const { url, node, print, put, found } = await setUp()
    await put(keep(print, 5))
    // The token comes between the look at the fingerprint and its removal.
    await server.execute(
      url,
      `create function overtake() returns trigger language plpgsql as $$ begin
         raise foreign_key_violation using table = 'tokens'; end $$;
       create trigger overtake before delete on fingerprints for each row execute function overtake()`,
    )
    await put(records.audit(), purge(6))
    expect((await found())?.id).toBe(print.id)
    expect((await node.auditHead(node.chain)).seq).toBe(1)
  })

  test('a token that is put while a purge removes its fingerprint is in conflict', async () => {
    const { node, tenant, print, put, beginRemoving, commitWhileWaits, found } = await setUp()
    await put(keep(print, 5))
    await beginRemoving(purge(6))
    expect(await commitWhileWaits(node.commit([putToken(records.token(tenant, print))]))).toEqual(
      conflict('put-token'),
    )
    expect(await found()).toBeUndefined()
  })

  test('of two nodes that erase the last two tokens of a number the second takes the fingerprint along', async () => {
    const { node, tenant, print, put, begin, commitWhileWaits, found } = await setUp()
    const [first, second] = [true, false].map((unique) => records.token(tenant, print, { unique }))
    if (!first || !second) throw new Error('two tokens')
    await put(putToken(first), putToken(second))
    await begin(eraseToken(first))
    expect(await commitWhileWaits(node.commit([eraseToken(second)]))).toEqual(made)
    expect(await found()).toBeUndefined()
  })

  test('and so it is where both get another number', async () => {
    const { node, tenant, print, other, put, begin, commitWhileWaits, found } = await setUp()
    const [first, second] = [1, 2].map(() => records.token(tenant, print, { unique: false }))
    if (!first || !second) throw new Error('two tokens')
    await put(putToken(first), putToken(second))
    const relink = (token: StoredToken): readonly Change[] => [
      { type: 'replace-token', token: { ...token, version: 2, fingerprint: other }, isRelinked: true },
      release(print),
    ]
    await begin(...relink(first))
    expect(await commitWhileWaits(node.commit(relink(second)))).toEqual(made)
    expect(await found()).toBeUndefined()
  })

  test('a promise that ends while the last token is erased leaves nothing', async () => {
    const { node, tenant, print, put, begin, commitWhileWaits, found } = await setUp()
    const token = records.token(tenant, print)
    await put(putToken(token), keep(print, 5))
    await begin(eraseToken(token))
    expect(await commitWhileWaits(node.commit([purge(6)]))).toEqual(made)
    expect(await found()).toBeUndefined()
  })

  test.each(['is erased', 'gets another number'])(
    'a promise that a purge ended before it died leaves nothing once the last token %s',
    async (how) => {
      const { url, tenant, print, other, put, found } = await setUp()
      const token = records.token(tenant, print)
      await put(putToken(token), keep(print, 5))
      await server.execute(url, 'update fingerprints set analytics_until = 0 where analytics_until > 0')
      const relinked: StoredToken = { ...token, version: 2, fingerprint: other }
      const relink: Change = { type: 'replace-token', token: relinked, isRelinked: true }
      await put(...(how === 'is erased' ? [eraseToken(token)] : [relink, release(print)]))
      expect(await found()).toBeUndefined()
    },
  )

  test.each([
    ['ends', 5],
    ['that ended is forgotten', 0],
  ])('a promise that is made while the one before %s is kept', async (_, until) => {
    const { url, node, tenant, print, put, begin, commitWhileWaits, found } = await setUp()
    await put(putToken(records.token(tenant, print)), keep(print, 5))
    await server.execute(url, `update fingerprints set analytics_until = ${until} where analytics_until > 0`)
    await begin(keep(print, 9))
    expect(await commitWhileWaits(node.commit([purge(6)]))).toEqual(made)
    expect((await found())?.analyticsUntil).toBe(9)
  })

  test('a network token whose provider is told while its token is erased leaves nothing', async () => {
    const { node, tenant, print, put, begin, commitWhileWaits } = await setUp()
    const token = records.token(tenant, print)
    const networkToken = records.networkToken(token)
    await put(
      putToken(token),
      { type: 'put-network-token', networkToken },
      { type: 'end-network-tokens', tokenId: token.id, at: epochMs(1) },
    )
    await begin({ type: 'settle-network-token', id: networkToken.id })
    const erasing = node.commit([
      eraseToken(token),
      { type: 'end-network-tokens', tokenId: token.id, at: epochMs(2), isTokenErased: true },
    ])
    expect(await commitWhileWaits(erasing)).toEqual(made)
    expect(await node.networkToken(token.id)).toBeUndefined()
  })

  test('of two nodes that put the last capture key a tenant may have one does', async () => {
    const { node, tenant, put, begin, commitWhileWaits } = await setUp()
    const [last, tooMany, ...others] = Array.from({ length: captureKeysPerTenant + 1 }, (): Change => {
      return { type: 'put-capture-key', key: records.captureKey(tenant) }
    })
    if (!last || !tooMany) throw new Error('more than one capture key')
    await put(...others)
    await begin(last)
    expect(await commitWhileWaits(node.commit([tooMany]))).toEqual(conflict('put-capture-key'))
    expect(await node.captureKeys(tenant.id)).toHaveLength(captureKeysPerTenant)
  })

  test('a promise beside the change of a token takes its turn with whoever changes tokens alone', async () => {
    const { url, node, tenant, print, other, put, begin, write, waits, commit } = await setUp()
    const prints = [print, other].toSorted((a, b) => Buffer.compare(a.hash, b.hash))
    // Where numbers come in one order and their tokens in the other.
    const tokens = prints.map((one) => records.token(tenant, one)).toReversed()
    const ids = tokens.map(({ id }) => id).toSorted()
    const [low, high] = tokens.map((token, place) => ({ ...token, id: ids[place] ?? token.id }))
    if (!low || !high) throw new Error('two tokens')
    await put(putToken(high), putToken(low))
    const replace = (token: StoredToken): Change => ({
      type: 'replace-token',
      token: { ...token, version: 2 },
    })
    const expected = (token: StoredToken): Change => ({ type: 'expect-token', token })
    await begin(replace(low))
    const committing = Promise.all(
      [replace(high), expected(low)].map((change, place) =>
        node.commit([keep((place ? low : high).fingerprint, 5), change]),
      ),
    )
    await waits()
    await write(replace(high))
    await commit()
    expect(await committing).toEqual([conflict('replace-token'), conflict('expect-token')])
    expect(await deadlocksOf(url)).toBe(0)
  })

  test('several promises in one list take their turn with whoever makes one of them', async () => {
    const { url, node, print, other, put, begin, write, waits, commit, found } = await setUp()
    await put(keep(print, 1))
    await begin(keep(print, 5))
    const committing = node.commit([keep(other, 6), keep(print, 6)])
    await waits()
    await write(keep(other, 5))
    await commit()
    expect(await committing).toEqual(made)
    expect((await found())?.analyticsUntil).toBe(6)
    expect(await deadlocksOf(url)).toBe(0)
  })

  test('tokens that take each other’s numbers on two nodes, in any order, never wait in a circle', async () => {
    const { url, node, tenant, print, put } = await setUp()
    const another = await openNode(url)
    const scope = { ...records.scope(), id: print.scopeId }
    const prints = Array.from({ length: 6 }, () => fingerprintOf(scope))
    const tokens = prints.map((fingerprint) => records.token(tenant, fingerprint, { unique: false }))
    await put(
      ...prints.map((fingerprint): Change => ({ type: 'put-fingerprint', fingerprint })),
      ...tokens.map(putToken),
    )
    const turns = 20
    const listsOf = (turn: number, isForwards: boolean): readonly (readonly Change[])[] => {
      const at = <T>(list: readonly T[], place: number): T => list[place % list.length] as T
      const lists = tokens.map((_, place) => {
        const pair = [at(tokens, place), at(tokens, place + 1 + (turn % 4))]
        const changes = pair.map(
          (token, side): Change => ({
            type: 'replace-token',
            token: { ...token, version: turn + 2, fingerprint: at(prints, place + turn + side) },
            isRelinked: true,
          }),
        )
        const kept = [at(prints, place), at(prints, place + 2)].map((one) => keep(one, turn + 1))
        const releases = [at(prints, place + 3), at(prints, place + 4)].map(release)
        return isForwards
          ? [...changes, ...kept, ...releases]
          : [...changes.toReversed(), ...kept.toReversed(), ...releases.toReversed()]
      })
      return isForwards ? lists : lists.toReversed()
    }
    let written = 0
    const work = async (store: Store, isForwards: boolean): Promise<void> => {
      for (let turn = 0; turn < turns; turn++) {
        const results = await Promise.all(listsOf(turn, isForwards).map((list) => store.commit(list)))
        written += results.filter(({ ok }) => ok).length
      }
    }
    await Promise.all([work(node, true), work(another, false)])
    expect(written).toBeGreaterThan(0)
    expect(await deadlocksOf(url)).toBe(0)
  }, 60_000)
})
