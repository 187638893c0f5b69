import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Change } from '@cardkeep/core/changes'
import { UnavailableError } from '@cardkeep/core/errors'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { Store } from '@cardkeep/core/ports'
import { createFixedClock } from '@cardkeep/testing/clock'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { describeOnPostgres } from '@cardkeep/testing/servers/shared'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { holdAlone } from './alone.ts'
import { leaseMs, renewalMs } from './lease.ts'
import { type PostgresSettings, usualPatience } from './settings.ts'
import { openPostgresStore, type PostgresStore } from './store.ts'

describeOnPostgres('several nodes on one PostgreSQL database', (server) => {
  const records = createRecords()
  const open: PostgresStore[] = []
  afterEach(async () => {
    vi.useRealTimers()
    await Promise.all(open.splice(0).map((store) => store.close()))
  })

  const settingsFor = (url: string): PostgresSettings => ({
    ...{ url, passwordFile: server.passwordFile, password: undefined, tls: undefined },
    ...{ connections: 4, pooler: 'none' },
  })
  const openNode = async (url: string, clock = createFixedClock()): Promise<PostgresStore> => {
    const store = await openPostgresStore({ settings: settingsFor(url), chain: 'own', clock })
    open.push(store)
    return store
  }
  const openNodes = async (count: number): Promise<{ url: string; nodes: readonly PostgresStore[] }> => {
    const url = await server.createDatabase()
    const nodes: PostgresStore[] = []
    for (let node = 0; node < count; node++) nodes.push(await openNode(url))
    return { url, nodes }
  }
  const needsOk = async (committing: ReturnType<Store['commit']>): Promise<void> => {
    expect((await committing).ok).toBe(true)
  }

  describe('chains', () => {
    test('are one for each node, named in the main one, and taken by the next when they are left', async () => {
      const { url, nodes } = await openNodes(3)
      expect(nodes.map(({ chain }) => chain)).toEqual([1, 2, 3])
      const [first, second] = nodes
      if (!first || !second) throw new Error('two nodes')
      const named = (await first.auditEntries(0, 10)).map(({ text }) => text)
      expect(named.map((text) => (JSON.parse(text) as unknown[]).at(-1))).toEqual(
        [1, 2, 3].map((chain) => ({ chain })),
      )
      await needsOk(second.commit([records.audit()]))
      await second.close()
      const next = await openNode(url)
      expect(next.chain).toBe(2)
      await needsOk(next.commit([records.audit()]))
      expect((await next.auditHead(2)).seq).toBe(2)
      expect(await next.auditChains()).toEqual([0, 1, 2, 3])
    })

    test('begun by many at once are as many, each named once', async () => {
      const url = await server.createDatabase()
      await openNode(url)
      const nodes = await Promise.all(Array.from({ length: 8 }, () => openNode(url)))
      expect(new Set(nodes.map(({ chain }) => chain)).size).toBe(8)
      expect(await nodes[0]?.auditEntries(0, 100)).toHaveLength(9)
    })

    test('of a node that died are taken once its time is over, and two on one harm nobody', async () => {
      const url = await server.createDatabase()
      const clock = createFixedClock()
      const slow = await openNode(url, clock)
      await needsOk(slow.commit([records.audit()]))
      clock.advance(leaseMs)
      const next = await openNode(url, clock)
      expect(next.chain).toBe(slow.chain)
      // From the second turn on each remembers a head that the other has passed.
      for (let turn = 0; turn < 3; turn++) {
        const commits = Array.from({ length: 40 }, (_, at) =>
          (at % 2 ? slow : next).commit([records.audit()]),
        )
        expect((await Promise.all(commits)).every(({ ok }) => ok)).toBe(true)
      }
      expect((await next.auditHead(next.chain)).seq).toBe(121)
    })
  })

  test('entries are linked to what is there, where another server took the place of the one that was asked before', async () => {
    const { url, nodes } = await openNodes(1)
    const [node] = nodes
    if (!node) throw new Error('a node')
    await needsOk(node.commit([records.audit()]))
    await terminate(url)
    const older = server.copyDatabaseSync(url)
    await needsOk(node.commit([records.audit()]))
    await needsOk(node.commit([records.audit()]))
    await terminate(url)
    const [lost, stands] = [url, older].map((of) => new URL(of).pathname.slice(1))
    await server.execute(server.url(), `alter database ${lost} rename to ${lost}_lost`)
    await server.execute(server.url(), `alter database ${stands} rename to ${lost}`)
    await needsOk(node.commit([records.audit()]))
    await needsOk(node.commit([records.audit()]))
    expect((await node.auditEntries(0, 10, node.chain)).map(({ seq }) => seq)).toEqual([1, 2, 3])
  })

  test('a node that slept while its chain was gone on with and archived writes behind what is there', async () => {
    const url = await server.createDatabase()
    const clock = createFixedClock()
    const slow = await openNode(url, clock)
    await needsOk(slow.commit([records.audit()]))
    clock.advance(leaseMs)
    const next = await openNode(url, clock)
    const { chain } = next
    expect(chain).toBe(slow.chain)
    for (let entry = 0; entry < 5; entry++) await needsOk(next.commit([records.audit()]))
    const fifth = (await next.auditEntries(4, 1, chain))[0]
    if (!fifth) throw new Error('an entry')
    const checkpoint = records.checkpoint({ chain, ...fifth })
    const anchor = { chain, seq: fifth.seq, hash: fifth.hash, at: clock.now() }
    await needsOk(next.commit([{ type: 'put-checkpoint', checkpoint }]))
    await needsOk(next.commit([{ type: 'archive-audit', anchor }]))
    await needsOk(slow.commit([records.audit()]))
    expect((await next.auditEntries(0, 10, chain)).map(({ seq }) => seq)).toEqual([6, 7])
  })

  test('of what was archived nothing seems to be there again, where it was not removed yet', async () => {
    const { url, nodes } = await openNodes(1)
    const [node] = nodes
    if (!node) throw new Error('a node')
    const { chain } = node
    for (let entry = 0; entry < 3; entry++) await needsOk(node.commit([records.audit()]))
    const [first, second] = await node.auditEntries(0, 2, chain)
    if (!first || !second) throw new Error('two entries')
    await needsOk(
      node.commit([{ type: 'put-checkpoint', checkpoint: records.checkpoint({ chain, ...first }) }]),
    )
    const hex = Buffer.from(second.hash).toString('hex')
    await server.execute(url, `insert into audit_anchors values (${chain}, 2, decode('${hex}', 'hex'), 0)`)
    const anchor = { chain, seq: 1, hash: first.hash, at: records.at }
    expect((await node.commit([{ type: 'archive-audit', anchor }])).ok).toBe(false)
    expect((await node.auditAnchor(chain))?.seq).toBe(2)
  })

  const terminate = (url: string) =>
    server.execute(
      server.url(),
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '${new URL(url).pathname.slice(1)}'`,
    )

  test('nodes that change the same rows in any order never wait for each other in a circle', async () => {
    const { url, nodes } = await openNodes(2)
    const tenant = records.tenant()
    const scope = records.scope()
    const credentials = Array.from({ length: 8 }, () => records.credential(tenant))
    const webhooks = Array.from({ length: 4 }, () => records.webhook(tenant, { events: [] }))
    const prints = Array.from({ length: 8 }, () => records.fingerprint(scope))
    const tokens = prints.map((fingerprint) => records.token(tenant, fingerprint))
    await needsOk(
      (nodes[0] as Store).commit([
        { type: 'put-scope', scope },
        { type: 'put-tenant', tenant },
        ...credentials.map((credential): Change => ({ type: 'put-credential', credential })),
        ...webhooks.map((webhook): Change => ({ type: 'put-webhook', webhook })),
        ...prints.map((fingerprint): Change => ({ type: 'put-fingerprint', fingerprint })),
        ...tokens.map((token): Change => ({ type: 'put-token', token })),
      ]),
    )
    const turns = 25
    const work = async (node: Store, isForwards: boolean): Promise<void> => {
      const ordered = <T>(list: readonly T[]): readonly T[] => (isForwards ? list : list.toReversed())
      for (let turn = 0; turn < turns; turn++) {
        const health = { failures: turn, pausedUntil: undefined }
        const lists: readonly (readonly Change[])[] = [
          ...ordered(credentials).map(({ id }): readonly Change[] => [
            { type: 'use-credential', id, at: epochMs(records.at + turn) },
          ]),
          ordered(webhooks).map(({ id }): Change => ({ type: 'set-webhook-health', id, health })),
          ...ordered(tokens).map((token): readonly Change[] => [
            { type: 'replace-token', token: { ...token, version: turn + 2 } },
          ]),
          [{ type: 'set-code-policy', tenantId: tenant.id, policy: undefined }],
          [{ type: 'put-tenant', tenant }],
        ]
        await Promise.all(ordered(lists).map((list) => node.commit(list)))
      }
    }
    await Promise.all(nodes.map((node, at) => work(node, at === 0)))
    await Promise.all(open.splice(0).map((store) => store.close()))
    const [found] = await server.query(
      server.url(),
      `select deadlocks from pg_stat_database where datname = '${new URL(url).pathname.slice(1)}'`,
    )
    expect(found).toEqual({ deadlocks: 0 })
  }, 60_000)

  test('a node that was too slow to keep its chain takes another', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const url = await server.createDatabase()
    const clock = createFixedClock()
    const slow = await openNode(url, clock)
    const kept = await openNode(url, clock)
    clock.advance(leaseMs / 2)
    vi.advanceTimersByTime(renewalMs)
    await expect
      .poll(() => heldUntil(url))
      .toEqual([1, 2].map((chain) => ({ chain, held_until: clock.now() + leaseMs })))
    clock.advance(leaseMs)
    const next = await openNode(url, clock)
    expect(next.chain).toBe(slow.chain)
    vi.advanceTimersByTime(renewalMs)
    await expect.poll(() => slow.chain).toBe(3)
    await needsOk(slow.commit([records.audit()]))
    expect((await slow.auditHead(3)).seq).toBe(1)
    expect((await slow.auditHead(1)).seq).toBe(0)
    expect(kept.chain).toBe(2)
    await slow.close()
    expect((await heldUntil(url)).at(-1)).toEqual({ chain: 3, held_until: 0 })
  })

  const heldUntil = (url: string) =>
    server.query(url, 'select chain, held_until from audit_chains where chain > 0 order by chain')

  test('what nodes remember has another version after a change of it, and not after every request', async () => {
    const { nodes } = await openNodes(2)
    const [mine, other] = nodes
    if (!mine || !other) throw new Error('two nodes')
    const scope = records.scope()
    const tenant = records.tenant()
    const fingerprint = records.fingerprint(scope)
    const token = records.token(tenant, fingerprint)
    const lists: readonly (readonly [boolean, readonly Change[]])[] = [
      [
        true,
        [
          { type: 'put-scope', scope },
          { type: 'put-tenant', tenant },
        ],
      ],
      [false, [{ type: 'put-fingerprint', fingerprint }, { type: 'put-token', token }, records.audit()]],
      [
        false,
        [
          { type: 'expect-token', token },
          { type: 'emit-event', event: records.event(tenant) },
        ],
      ],
      [true, [{ type: 'replace-token', token: { ...token, version: 2, status: 'suspended' } }]],
      [true, [{ type: 'erase-token', token: { ...token, version: 2 } }]],
    ]
    for (const [isRemembered, list] of lists) {
      const before = await mine.dataVersion()
      await needsOk(other.commit(list))
      expect([list, (await mine.dataVersion()) !== before]).toEqual([list, isRemembered])
    }
  })

  test("a duty is one node's until it ends or is given up", async () => {
    const { nodes } = await openNodes(2)
    const [mine, other] = nodes
    if (!mine || !other) throw new Error('two nodes')
    const from = (ms: number) => ({ name: 'sweep', at: epochMs(ms), until: epochMs(ms + 10) })
    const results = await Promise.all([mine, other].map((node) => node.claimDuty(from(0))))
    expect(results.filter(Boolean)).toHaveLength(1)
    const [holder, idle] = results[0] ? [mine, other] : [other, mine]
    expect(await idle.claimDuty(from(9))).toBe(false)
    expect(await holder.claimDuty(from(9))).toBe(true)
    expect(await idle.claimDuty(from(18))).toBe(false)
    expect(await idle.claimDuty({ ...from(18), name: 'purge' })).toBe(true)
    expect(await idle.claimDuty(from(19))).toBe(true)
    await holder.releaseDuty('sweep')
    expect(await holder.claimDuty(from(20))).toBe(false)
    await idle.releaseDuty('sweep')
    expect(await holder.claimDuty(from(20))).toBe(true)
  })

  test('a token whose fingerprint was erased meanwhile is in conflict, and no log of the server quotes it', async () => {
    const { nodes } = await openNodes(1)
    const [node] = nodes
    if (!node) throw new Error('a node')
    const scope = records.scope()
    const tenant = records.tenant()
    const fingerprint = records.fingerprint(scope)
    const token = records.token(tenant, fingerprint)
    await needsOk(
      node.commit([
        { type: 'put-scope', scope },
        { type: 'put-tenant', tenant },
        { type: 'put-fingerprint', fingerprint },
        { type: 'put-token', token },
      ]),
    )
    const sealed = new Uint8Array(96).fill(0x7e)
    const gone = { ...token, fingerprint: records.fingerprint(scope), sealed }
    const lists: readonly (readonly Change[])[] = [
      [{ type: 'put-token', token: { ...gone, id: records.id() } }],
      [{ type: 'put-token', token: { ...gone, id: records.id() } }, records.audit()],
      [{ type: 'replace-token', token: { ...gone, version: 2 } }],
    ]
    const results = await Promise.all(lists.map((list) => node.commit(list)))
    expect(results.map((result) => (result.ok ? 'made' : result.error.change))).toEqual([
      'put-token',
      'put-token',
      'replace-token',
    ])
    expect(readFileSync(join(server.folder, 'postgres.log'), 'utf8')).not.toContain('7e7e7e7e')
  })

  test('of many first tokenisations of the same cards exactly one each is made', async () => {
    const { nodes } = await openNodes(3)
    const scope = records.scope()
    const tenant = records.tenant()
    await needsOk(
      nodes[0]?.commit([
        { type: 'put-scope', scope },
        { type: 'put-tenant', tenant },
      ]) as never,
    )
    const hashes = Array.from({ length: 20 }, () => records.bytes(32))
    const results = await Promise.all(
      Array.from({ length: 300 }, (_, at) => {
        const hash = hashes[(at * 7) % hashes.length] as Uint8Array
        const fingerprint = records.fingerprint(scope, { hash })
        return (nodes[at % 3] as Store).commit([
          { type: 'put-fingerprint', fingerprint },
          { type: 'put-token', token: records.token(tenant, fingerprint) },
          records.audit(),
        ])
      }),
    )
    expect(results.filter(({ ok }) => ok)).toHaveLength(hashes.length)
    const heads = await Promise.all(nodes.map((node) => node.auditHead(node.chain)))
    expect(heads.reduce((sum, { seq }) => sum + seq, 0)).toBe(hashes.length)
  })

  test('of changes of one token by many nodes each version is made once', async () => {
    const { nodes } = await openNodes(3)
    const scope = records.scope()
    const tenant = records.tenant()
    const fingerprint = records.fingerprint(scope)
    const token = records.token(tenant, fingerprint)
    const [first] = nodes
    if (!first) throw new Error('a node')
    await needsOk(
      first.commit([
        { type: 'put-scope', scope },
        { type: 'put-tenant', tenant },
        { type: 'put-fingerprint', fingerprint },
        { type: 'put-token', token },
      ]),
    )
    for (let version = 2; version < 8; version++) {
      const results = await Promise.all(
        Array.from({ length: 12 }, (_, at) =>
          (nodes[at % 3] as Store).commit([
            { type: 'replace-token', token: { ...token, version } },
            records.audit(),
          ]),
        ),
      )
      expect(results.filter(({ ok }) => ok)).toHaveLength(1)
    }
    expect((await first.token(token.id))?.version).toBe(7)
  })

  test('events of one subject are delivered in order, none twice at once, and none gets stuck', async () => {
    const { nodes } = await openNodes(3)
    const tenant = records.tenant()
    const [first] = nodes
    if (!first) throw new Error('a node')
    await needsOk(
      first.commit([
        { type: 'put-tenant', tenant },
        { type: 'put-webhook', webhook: records.webhook(tenant) },
      ]),
    )
    const subjects = Array.from({ length: 3 }, () => records.id())
    const emitted = 90
    let written = 0
    const emit = async (node: Store, turn: number): Promise<void> => {
      for (let at = 0; at < emitted / 3; at++) {
        const subject = { type: 'token' as const, id: subjects[(at + turn) % 3] ?? '' }
        await needsOk(node.commit([{ type: 'emit-event', event: records.event(tenant, { subject }) }]))
        written++
      }
    }
    const delivered: { readonly no: number; readonly subject: string }[] = []
    const underWay = new Set<number>()
    const deliver = async (node: Store): Promise<void> => {
      for (let idle = 0; delivered.length < emitted && idle < 2_000; idle++) {
        const claimed = await node.claimDeliveries({
          at: records.at,
          until: epochMs(records.at + 60_000),
          limit: 5,
        })
        for (const { no, event } of claimed) {
          expect(underWay.has(no)).toBe(false)
          underWay.add(no)
          delivered.push({ no, subject: event.subject.id })
          // Every third was given up and comes again later, with its number.
          if (no % 3 === 0 && delivered.filter((one) => one.no === no).length === 1) {
            await needsOk(
              node.commit([{ type: 'give-up-delivery', no, attempts: 1, at: records.at, failure: 'x' }]),
            )
          } else await needsOk(node.commit([{ type: 'settle-delivery', no }]))
          underWay.delete(no)
        }
      }
    }
    await Promise.all([...nodes.map(emit), ...nodes.map(deliver)])
    expect(written).toBe(emitted)
    expect(delivered).toHaveLength(emitted)
    for (const subject of subjects) {
      const nos = delivered.filter((one) => one.subject === subject).map(({ no }) => no)
      expect(nos).toEqual(nos.toSorted((a, b) => a - b))
    }
    const state = await first.outboxState()
    expect(state.waiting).toBe(0)
    // Given up together and replayed together: each line has one first again, whatever the order was.
    const dead = await first.deadDeliveries(undefined, 1_000)
    expect(dead.length).toBe(state.dead)
    await Promise.all(
      dead.map(({ no }, at) =>
        (nodes[at % 3] as Store).commit([{ type: 'replay-delivery', no, at: records.at }]),
      ),
    )
    let again = 0
    for (let turn = 0; turn < dead.length; turn++)
      await Promise.all(
        nodes.map(async (node) => {
          const claimed = await node.claimDeliveries({
            at: records.at,
            until: epochMs(records.at + 60_000),
            limit: 5,
          })
          again += claimed.length
          await Promise.all(claimed.map(({ no }) => node.commit([{ type: 'settle-delivery', no }])))
        }),
      )
    expect(again).toBe(dead.length)
    expect(await first.outboxState()).toMatchObject({ waiting: 0, dead: 0 })
  })

  test('a claim takes no more than it asks for, whatever the server knows of the tables', async () => {
    const { url, nodes } = await openNodes(1)
    const [node] = nodes
    if (!node) throw new Error('a node')
    const tenant = records.tenant()
    await needsOk(
      node.commit([
        { type: 'put-tenant', tenant },
        { type: 'put-webhook', webhook: records.webhook(tenant) },
      ]),
    )
    const claim = (limit: number, at: number) =>
      node.claimDeliveries({ at: epochMs(at), until: epochMs(at + 1), limit })
    for (const known of ['vacuum analyze', 'analyze deliveries; analyze webhooks']) {
      await server.execute(url, `delete from deliveries`)
      await server.execute(url, known)
      await needsOk(
        node.commit([1, 2, 3, 4, 5].map(() => ({ type: 'emit-event', event: records.event(tenant) }))),
      )
      for (let turn = 0; turn < 8; turn++) expect(await claim(2, records.at + 10 * turn)).toHaveLength(2)
    }
  })

  test('only one may hold the database alone, and another once that one is gone', async () => {
    const url = await server.createDatabase()
    const hold = () =>
      holdAlone({ settings: settingsFor(url), patience: usualPatience, onLost: () => undefined })
    const first = await hold()
    await expect(hold()).rejects.toThrow(UnavailableError)
    await first.release()
    const second = await hold()
    await server.execute(
      url,
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'cardkeep' and datname = current_database()`,
    )
    await expect
      .poll(() => server.query(url, "select count(*) as held from pg_locks where locktype = 'advisory'"), {
        timeout: 5_000,
      })
      .toEqual([{ held: 1 }])
    await expect(hold()).rejects.toThrow('another vault')
    await second.release()
    await expect(
      holdAlone({ settings: { ...settingsFor(url), pooler: 'transaction' }, onLost: () => undefined }),
    ).rejects.toThrow('behind a pooler')
  })
})
