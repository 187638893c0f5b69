import { join } from 'node:path'
import type { Change } from '@cardkeep/core/changes'
import type { IssuedCard } from '@cardkeep/core/issuing/issued-card'
import type { StoredCvkComponent } from '@cardkeep/core/issuing/issuer'
import type { CvvRotation } from '@cardkeep/core/issuing/rotation'
import { epochMs, hourMs } from '@cardkeep/core/kernel/time'
import type { Store, TokenPage } from '@cardkeep/core/ports'
import { createFixedClock } from '@cardkeep/testing/clock'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { emptyVault } from '@cardkeep/testing/servers/empty-vault'
import { describeOnPostgres } from '@cardkeep/testing/servers/shared'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { openSqliteStore } from '../sqlite/store.ts'
import { openPostgresStore } from './store.ts'

/** So few of each that lists often meet what an earlier one left. */
const createPool = () => {
  const records = createRecords()
  const scopes = [records.scope(), records.scope()] as const
  const own = { defaultScopeId: scopes[0].id }
  const live = { name: 'tenant-3', environment: 'live' } as const
  const tenants = [records.tenant(own), records.tenant(), records.tenant(live)] as const
  const prints = scopes.flatMap((scope) => [records.fingerprint(scope), records.fingerprint(scope)])
  const tokenIds = Array.from(
    { length: 4 },
    () => records.token(tenants[0], records.fingerprint(scopes[0])).id,
  )
  const networkTokens = [0, 1, 2, 3].map((at) =>
    records.networkToken({ id: of(tokenIds, at % 2), scopeId: scopes[0].id }, { createdAt: epochMs(at) }),
  )
  const captureKeys = tenants.map((tenant) => records.captureKey(tenant))
  const credentials = tenants.map((tenant) => records.credential(tenant))
  const destinations = tenants.map((tenant) => records.destination(tenant))
  const webhooks = tenants.map((tenant) => records.webhook(tenant))
  const subjects = [records.id(), records.id()]
  const claims = [0, 1].map(() => ({ name: records.bytes(32), digest: records.bytes(32) }))
  const claimIds = [0, 1].map(() => records.claim(tenants[0]).claimId)
  const keys = [records.key(), records.key()]
  const sets = [0, 1].map(() => records.id<Extract<Change, { type: 'use-bins' }>['set']>())
  const issuers = tenants.map((tenant) => records.issuer(tenant))
  const cards = [1, 1, 2, 2].map((at) => records.issuedCard(of(tenants, at), { customerId: 5 }))
  const accessKeys = tenants.map((tenant) => records.accessKey(tenant))
  return {
    ...{ records, scopes, tenants, prints, tokenIds, credentials, destinations, webhooks, subjects },
    ...{ claims, claimIds, keys, sets, networkTokens, captureKeys, issuers, cards, accessKeys },
  }
}

type Pool = ReturnType<typeof createPool>
/** Three small numbers choose what a change is about. */
type Choice = readonly [number, number, number]
type Make = (pool: Pool, choice: Choice, nos: readonly number[]) => Change | undefined

const of = <T>(list: readonly T[], at: number): T => {
  const one = list[at % list.length]
  if (one === undefined) throw new Error('nothing to choose from')
  return one
}

const day = 24 * 60 * 60 * 1_000
const statuses = ['active', 'active', 'suspended', 'deleted'] as const

/** One in five is promised nothing, the others until one of a few times. */
const untilOf = (c: number) => (c === 0 ? undefined : epochMs(c))

const tokenOf = ({ records, tenants, prints, tokenIds }: Pool, [a, b, c]: Choice, version: number) =>
  records.token(of(tenants, b), of(prints, b), {
    id: of(tokenIds, a),
    version,
    status: of(statuses, c),
    unique: c % 5 !== 4,
    expiresAt: c === 3 ? epochMs(records.at + a) : undefined,
  })

const claimOf = ({ records, tenants, claims, claimIds }: Pool, [a, b, c]: Choice) => ({
  ...of(claims, a),
  claimId: of(claimIds, b),
  tenantId: of(tenants, 0).id,
  at: epochMs(records.at + c * day),
})

const cardOf = ({ cards }: Pool, [a, b, c]: Choice, version: number): IssuedCard => ({
  ...of(cards, a),
  name: `card ${b % 2}`,
  status: of(['NORMAL', 'BLOCKED', 'CANCELED'] as const, c),
  transactionLimit: c === 0 ? undefined : c / 2,
  version,
})

/** One in five rotates only when it is forced. */
const rotationOf = ({ records, cards }: Pool, [a, b, c]: Choice, version: number): CvvRotation => {
  const due = c === 0 ? undefined : epochMs(records.at + b * 10)
  return records.rotation(of(cards, a), {
    serial: b,
    sealedServiceCode: new Uint8Array(50),
    schedule: {
      intervalMs: due && c * hourMs,
      nextAt: due,
      lastScheduledAt: due,
      lastRotatedAt: records.at,
    },
    dueAt: due,
    previous: b === 0 ? { sealedServiceCode: new Uint8Array(50), until: epochMs(c) } : undefined,
    version,
  })
}

const componentOf = ({ records, tenants }: Pool, [a, b]: Choice): StoredCvkComponent =>
  records.cvkComponent(of(tenants, a), { custodian: `custodian ${b % 3}`, sealed: new Uint8Array(60) })

const originOf = ({ records, tenants }: Pool, [a, b, c]: Choice) => ({
  tenantId: of(tenants, a).id,
  origin: `https://shop-${b % 2}.example`,
  createdAt: epochMs(records.at + c),
})

const onDelivery =
  (make: (no: number, choice: Choice) => Change): Make =>
  (_, choice, nos) =>
    nos.length === 0 ? undefined : make(of(nos, choice[0]), choice)

/** Of what has little to do with the rest; lists that mix them find less. */
const makersOf = {
  tokens: [
    ({ scopes }, [a]) => ({ type: 'put-scope', scope: of(scopes, a) }),
    ({ tenants }, [a]) => ({ type: 'put-tenant', tenant: of(tenants, a) }),
    ({ prints }, [a]) => ({ type: 'put-fingerprint', fingerprint: of(prints, a) }),
    ({ scopes, tenants }, [a, b]) => ({
      type: 'link-scope',
      scopeId: of(scopes, a).id,
      tenantId: of(tenants, b).id,
    }),
    (pool, choice) => ({ type: 'put-token', token: tokenOf(pool, choice, 1) }),
    (pool, choice) => ({ type: 'put-token', token: tokenOf(pool, choice, 1) }),
    (pool, choice) => ({ type: 'replace-token', token: tokenOf(pool, choice, 2 + (choice[1] % 2)) }),
    ({ tokenIds }, [a, b]) => ({
      type: 'expect-token',
      token: { id: of(tokenIds, a), version: 1 + (b % 3) },
    }),
    ({ tokenIds }, [a, b]) => ({ type: 'erase-token', token: { id: of(tokenIds, a), version: 1 + (b % 3) } }),
  ],
  fingerprints: [
    ({ prints }, [a, , c]) => ({
      type: 'put-fingerprint',
      fingerprint: { ...of(prints, a), analyticsUntil: untilOf(c) },
    }),
    ({ prints }, [a, b]) => ({ type: 'keep-fingerprint', fingerprint: of(prints, a), until: epochMs(1 + b) }),
    ({ prints }, [a]) => ({ type: 'release-fingerprint', fingerprint: of(prints, a) }),
    (_, [a]) => ({ type: 'purge-fingerprints', before: epochMs(a + 1) }),
    (pool, choice) => ({ type: 'put-token', token: tokenOf(pool, choice, 1) }),
    (pool, choice) => ({ type: 'put-token', token: tokenOf(pool, choice, 1) }),
    (pool, choice) => ({
      type: 'replace-token',
      token: {
        ...tokenOf(pool, choice, 2 + (choice[1] % 2)),
        scopeId: pool.prints[0]?.scopeId ?? pool.records.id(),
        fingerprint: of(pool.prints, choice[2]),
      },
      isRelinked: true,
    }),
    ({ tokenIds }, [a, b]) => ({ type: 'erase-token', token: { id: of(tokenIds, a), version: 1 + (b % 3) } }),
  ],
  'network tokens': [
    ({ networkTokens }, [a]) => ({ type: 'put-network-token', networkToken: of(networkTokens, a) }),
    ({ networkTokens }, [a, b, c]) => ({
      type: 'replace-network-token',
      networkToken: { ...of(networkTokens, a), status: of(statuses, b), updatedAt: epochMs(c) },
      from: of(statuses, c),
    }),
    ({ tokenIds }, [a, , c]) => ({
      type: 'end-network-tokens',
      tokenId: of(tokenIds, a % 2),
      at: epochMs(10 + c),
      ...(c === 0 ? { isTokenErased: true } : {}),
    }),
    ({ networkTokens }, [a]) => ({ type: 'settle-network-token', id: of(networkTokens, a).id }),
    (pool, choice) => ({ type: 'put-token', token: tokenOf(pool, choice, 1) }),
    ({ tokenIds }, [a, b]) => ({ type: 'erase-token', token: { id: of(tokenIds, a), version: 1 + (b % 3) } }),
    ({ captureKeys }, [a]) => ({ type: 'put-capture-key', key: of(captureKeys, a) }),
    ({ captureKeys }, [a, , c]) => ({
      type: 'retire-capture-key',
      id: of(captureKeys, a).id,
      at: epochMs(c),
    }),
    (_, [a]) => ({ type: 'purge-capture-keys', before: epochMs(a) }),
    ({ scopes }, [a, b, c]) => ({
      type: 'set-network-tokens',
      scopeId: of(scopes, a).id,
      settings:
        c === 0
          ? undefined
          : { networkToken: b % 2 === 0, accountReference: c > 2, requestor: c > 1 ? 'vault' : 'merchant' },
    }),
  ],
  tenants: [
    ({ tenants }, [a]) => ({ type: 'put-tenant', tenant: of(tenants, a) }),
    ({ tenants }, [a, b]) => ({
      type: 'set-code-policy',
      tenantId: of(tenants, a).id,
      policy: b % 2 ? undefined : { hold: true, destinations: undefined, ttlMs: 60_000, uses: 1 + b },
    }),
    ({ scopes, tenants }, [a, b]) => ({
      type: 'link-scope',
      scopeId: of(scopes, a).id,
      tenantId: of(tenants, b).id,
    }),
    ({ credentials }, [a]) => ({ type: 'put-credential', credential: of(credentials, a) }),
    ({ credentials }, [a, b]) => ({ type: 'revoke-credential', id: of(credentials, a).id, at: epochMs(b) }),
    ({ credentials }, [a, b]) => ({ type: 'use-credential', id: of(credentials, a).id, at: epochMs(b) }),
    ({ credentials }, [a, b, c]) => ({
      type: 'disable-credential',
      id: of(credentials, a).id,
      at: epochMs(b),
      unusedSince: epochMs(c),
    }),
    ({ credentials }, [a, b]) => ({ type: 'enable-credential', id: of(credentials, a).id, at: epochMs(b) }),
    ({ destinations }, [a]) => ({ type: 'put-destination', destination: of(destinations, a) }),
    ({ destinations }, [a]) => ({ type: 'remove-destination', id: of(destinations, a).id }),
    (pool, choice) => ({ type: 'allow-origin', origin: originOf(pool, choice) }),
    (pool, choice) => ({ type: 'remove-origin', origin: originOf(pool, choice) }),
  ],
  outbox: [
    ({ webhooks }, [a]) => ({ type: 'put-webhook', webhook: of(webhooks, a) }),
    ({ webhooks }, [a, , c]) => (c === 0 ? { type: 'remove-webhook', id: of(webhooks, a).id } : undefined),
    ({ webhooks }, [a, b]) => ({
      type: 'set-webhook-health',
      id: of(webhooks, a).id,
      health: { failures: b, pausedUntil: b % 2 ? epochMs(b) : undefined },
    }),
    ...Array<Make>(3).fill(({ records, tenants, subjects }, [a, b]) => ({
      type: 'emit-event',
      event: records.event(of(tenants, a), { subject: { type: 'token', id: of(subjects, b) } }),
    })),
    onDelivery((no) => ({ type: 'settle-delivery', no })),
    onDelivery((no, [, b]) => ({
      type: 'delay-delivery',
      no,
      attempts: b,
      dueAt: epochMs(b),
      failure: 'late',
    })),
    onDelivery((no, [, b]) => ({
      type: 'give-up-delivery',
      no,
      attempts: b,
      at: epochMs(b),
      failure: 'gone',
    })),
    onDelivery((no, [, b]) => ({ type: 'replay-delivery', no, at: epochMs(b) })),
    (_, [a, , c]) => (c === 0 ? { type: 'purge-dead-deliveries', before: epochMs(a) } : undefined),
  ],
  issuers: [
    ({ issuers }, [a]) => ({ type: 'put-issuer', issuer: of(issuers, a) }),
    ({ issuers, records }, [a, b, c]) => ({
      type: 'replace-issuer',
      issuer: {
        ...of(issuers, a),
        cvk: b % 2 ? records.cvk({ sealed: new Uint8Array(60) }) : undefined,
        componentsExpected: c === 0 ? undefined : c,
      },
      hadCvk: c % 2 === 0,
      componentsBefore: b % 3 || undefined,
    }),
    ({ tenants, records }, [a, b, c]) => ({
      type: 'add-issuer-bin',
      bin: { tenantId: of(tenants, a).id, bin: `40000${b}`.slice(0, 6 + c), createdAt: records.at },
    }),
    (pool, choice) => ({ type: 'put-cvk-component', component: componentOf(pool, choice) }),
    (pool, choice) => ({ type: 'put-cvk-component', component: componentOf(pool, choice) }),
    ({ tenants }, [a, b]) => ({
      type: 'remove-cvk-components',
      tenantId: of(tenants, a).id,
      count: 1 + (b % 3),
    }),
    ({ accessKeys }, [a]) => ({ type: 'put-access-key', key: of(accessKeys, a) }),
    ({ accessKeys }, [a, b]) => ({ type: 'retire-access-key', id: of(accessKeys, a).id, at: epochMs(b) }),
    (_, [a]) => ({ type: 'purge-access-keys', before: epochMs(a) }),
    ({ accessKeys }, [a]) => ({ type: 'remove-access-key', id: of(accessKeys, a).id }),
    ({ credentials }, [a, b]) => ({
      type: 'trust-issuer',
      trusted: { credentialId: of(credentials, a).id, issuer: `${b % 2}`, audience: 'a', jwks: '{}' },
    }),
    ({ credentials }, [a]) => ({ type: 'put-credential', credential: of(credentials, a) }),
  ],
  'issued cards': [
    ...Array<Make>(2).fill((pool, choice) => ({
      type: 'put-issued-card',
      card: cardOf(pool, choice, 1),
      rotation: rotationOf(pool, choice, 1),
    })),
    (pool, choice) => ({ type: 'replace-issued-card', card: cardOf(pool, choice, 2 + (choice[1] % 2)) }),
    ...Array<Make>(3).fill((pool, choice) => ({
      type: 'replace-rotation',
      rotation: rotationOf(pool, choice, 2 + (choice[1] % 3)),
    })),
    ({ cards, records }, [a, b, c]) => ({
      type: 'put-cvv-tries',
      tries: {
        ...{ cardId: of(cards, a).id, serial: b, wrong: c, version: 1 + (b % 3) },
        ...{ recent: [records.at], lockedAt: c === 0 ? records.at : undefined },
      },
    }),
    ({ records, tenants, cards }, [a, b]) => ({
      type: 'emit-event',
      event: records.event(of(tenants, b), { subject: { type: 'issued-card', id: of(cards, a).hash } }),
    }),
  ],
  rest: [
    (pool, choice) => ({ type: 'claim-idempotency', claim: claimOf(pool, choice) }),
    (pool, choice) => ({
      type: 'settle-idempotency',
      claim: claimOf(pool, choice),
      reply: { status: 200, sealedBody: Uint8Array.of(1, 2) },
    }),
    (pool, choice) => ({ type: 'release-idempotency', claim: claimOf(pool, choice) }),
    ({ records }, [a]) => ({ type: 'purge-idempotency', before: epochMs(records.at + a * day) }),
    ({ records, sets }, [a, b]) => ({
      type: 'put-bins',
      set: of(sets, a),
      bins: [records.bin('400000', { issuer: `bank ${b}` }), records.bin('400000')].slice(b % 2),
    }),
    ({ sets }, [a, b]) => ({ type: 'use-bins', set: of(sets, a), at: epochMs(b) }),
    ({ keys }, [a]) => ({ type: 'put-key', key: of(keys, a) }),
    ({ keys }, [a]) => ({
      type: 'set-key-state',
      id: of(keys, a).id,
      state: 'decrypt-only',
      wrapped: new Uint8Array(60),
    }),
    ({ keys }, [a, b]) => ({ type: 'reserve-seals', id: of(keys, a).id, upTo: b }),
    (_, [a]) => ({ type: 'put-key-set', keySet: { counter: 1 + (a % 3), sealedDigest: new Uint8Array(32) } }),
    (_, [a]) => ({ type: 'seal-vault', sealed: a % 2 === 0 }),
    ({ records }) => records.audit(),
  ],
} as const satisfies Readonly<Record<string, readonly Make[]>>

const listed = (at: number, order: TokenPage['order']): TokenPage => ({
  ...{ from: undefined, before: undefined, at: epochMs(at + 2), order, limit: 3, offset: 1 },
})

/** Everything that a store says, in an order that every store gives it. */
const readAll = async (store: Store, pool: Pool) => {
  const { records, scopes, tenants, prints, tokenIds, claims, captureKeys, cards, accessKeys } = pool
  const soon = epochMs(records.at + 20)
  const ahead = { at: epochMs(records.at + 5), until: epochMs(records.at + hourMs), stepMs: 7 }
  const both = <T>(read: (tenantId: (typeof tenants)[0]['id'] | undefined) => Promise<T>) =>
    Promise.all([read(undefined), read(tenants[1].id)])
  const far = epochMs(records.at * 2)
  const byId = <T extends { readonly id: string }>(rows: readonly T[]) => rows.map(({ id }) => id).toSorted()
  const all = <T, U>(list: readonly T[], read: (one: T) => Promise<U>) => Promise.all(list.map(read))
  return {
    tokens: await all(tokenIds, (id) => store.token(id)),
    standings: await all(tokenIds, (id) => store.standing(id)),
    unique: await all(prints, (print) => store.uniqueToken(print)),
    oldest: await all(prints, (print) => store.oldestToken(print)),
    networkTokens: await all(tokenIds, (id) => store.networkToken(id)),
    unsettled: await store.unsettledNetworkTokens(100),
    captureKeys: await store.captureKeys(undefined),
    captureKey: await all(captureKeys, ({ id }) => store.captureKey(id)),
    prints: await all(prints, ({ scopeId, hash }) => store.fingerprint(scopeId, hash)),
    expired: byId(await store.expiredTokens(far, 100)),
    deleted: byId(await store.deletedTokens(far, 100)),
    ending: await store.tokensEndingIn('0002', undefined, 100),
    tenants: await store.tenants(),
    scopes: await all(scopes, ({ id }) => store.scope(id)),
    links: await all(scopes, ({ id }) => all(tenants, (tenant) => store.isLinked(id, tenant.id))),
    credentials: await store.credentials(undefined),
    destinations: await all(tenants, ({ id }) => store.destinations(id)),
    origins: await store.origins(undefined),
    listed: await all(tenants, (tenant) => store.cardTokens(tenant, listed(records.at, 'newest first'))),
    listedAgain: await all(tenants, (tenant) => store.cardTokens(tenant, listed(records.at, 'oldest first'))),
    counted: await all(tenants, (tenant) =>
      store.countCardTokens(tenant, listed(records.at, 'oldest first')),
    ),
    webhooks: await store.webhooks(undefined),
    dead: (await store.deadDeliveries(undefined, 100)).map(({ event }) => event.id).toSorted(),
    outbox: await store.outboxState(),
    claims: await all(claims, ({ name }) => store.idempotencyClaim(name)),
    bin: await store.bin(['400000', '40']),
    bins: await store.binTable(),
    issuers: await store.issuers(),
    issuer: await all(tenants, ({ id }) => store.issuer(id)),
    issuerBins: await both((id) => store.issuerBins(id)),
    components: await all(tenants, ({ id }) => store.cvkComponents(id)),
    accessKeys: await both((id) => store.accessKeys(id)),
    accessKey: await all(accessKeys, ({ id }) => store.accessKey(id)),
    trusted: await all(['0', '1'], (issuer) => store.trustedIssuer({ issuer, audience: 'a' })),
    allTrusted: await store.trustedIssuers(),
    cards: await all(cards, ({ id }) => store.issuedCard(id)),
    numbers: await all(cards, ({ tenantId, numberHash }) => store.isNumberIssued(tenantId, [numberHash])),
    named: await all(cards, (card) => store.issuedCardNamed(card)),
    tries: await all(cards, ({ id }) => store.cvvTries(id)),
    oldestDue: await both((id) => store.oldestDueRotation(soon, id)),
    countDue: await both((id) => store.countDueRotations(soon, id)),
    ahead: await both((tenantId) => store.rotationsAhead({ ...ahead, tenantId })),
    far: (await store.farRotations(epochMs(records.at - hourMs), 0, 100))
      .map(({ cardId }) => cardId)
      .toSorted((a, b) => a - b),
    keys: await store.keys(),
    keySet: await store.keySet(),
    sealed: await store.isSealed(),
    head: await store.auditHead(),
    entries: await store.auditEntries(0, 1_000),
  }
}

describeOnPostgres('whatever is committed in whatever order', (server) => {
  let url: string
  const openPostgres = () =>
    openPostgresStore({
      settings: {
        ...{ url, passwordFile: server.passwordFile, password: undefined, tls: undefined },
        ...{ connections: 4, pooler: 'none' },
      },
      chain: 'main',
      clock: createFixedClock(),
    })
  beforeAll(async () => {
    url = await server.createDatabase()
    await (await openPostgres()).close()
  })

  const small = fc.nat({ max: 4 })
  const listsOf = (makers: readonly Make[]) => {
    const change = fc.tuple(fc.nat({ max: makers.length - 1 }), fc.tuple(small, small, small))
    const list = fc.oneof(
      fc.tuple(change),
      fc.tuple(change),
      fc.array(change, { minLength: 2, maxLength: 3 }),
    )
    return fc.array(list, { minLength: 60, maxLength: 80 })
  }

  /** What a delivery is called in each store: numbers that were drawn in vain leave gaps in one of them. */
  const runIn = async (
    store: Store,
    makers: readonly Make[],
    sequence: readonly (readonly (readonly [number, Choice])[])[],
  ) => {
    const pool = createPool()
    const { scopes, tenants, prints, credentials, webhooks, issuers } = pool
    // Otherwise most of what comes lacks what it refers to.
    await store.commit([
      ...scopes.map((scope): Change => ({ type: 'put-scope', scope })),
      ...tenants.slice(1).map((tenant): Change => ({ type: 'put-tenant', tenant })),
      ...prints.slice(1).map((fingerprint): Change => ({ type: 'put-fingerprint', fingerprint })),
      ...credentials.slice(1).map((credential): Change => ({ type: 'put-credential', credential })),
      ...webhooks.slice(1).map((webhook): Change => ({ type: 'put-webhook', webhook })),
      ...issuers.slice(1).map((issuer): Change => ({ type: 'put-issuer', issuer })),
    ])
    const nos: number[] = []
    const results: unknown[] = []
    for (const [turn, list] of sequence.entries()) {
      const changes = list.flatMap(([maker, choice]) => makers[maker]?.(pool, choice, nos) ?? [])
      const result = await store.commit(changes)
      results.push(result.ok ? 'made' : { turn, ...result })
      // Nobody waits for what was refused to be undone; until it is, deliveries that it meant to change are passed over.
      if (!result.ok) await store.commit([])
      const at = epochMs(pool.records.at + turn)
      const claimed = await store.claimDeliveries({ at, until: epochMs(at + 3), limit: 2 })
      results.push(claimed.map(({ event, attempts }) => [event.id, attempts]))
      const rotating = await store.claimRotations({ at, until: epochMs(at + 3), limit: 2 })
      results.push(rotating.map(({ card, rotation }) => [card.id, card.version, rotation.version]))
      for (const { no } of claimed) if (!nos.includes(no)) nos.push(no)
    }
    return { results, state: await readAll(store, pool) }
  }

  test.each(Object.entries(makersOf))(
    'of %s PostgreSQL says the same as SQLite',
    async (_, makers) => {
      await fc.assert(
        fc.asyncProperty(listsOf(makers), async (sequence) => {
          await server.execute(url, emptyVault)
          const postgres = await openPostgres()
          const sqlite = await openSqliteStore({ file: join(makeWorkspace().path, 'vault.db') })
          try {
            expect(await runIn(postgres, makers, sequence)).toEqual(await runIn(sqlite, makers, sequence))
          } finally {
            await Promise.all([postgres.close(), sqlite.close()])
          }
        }),
        { numRuns: 3, seed: 20_260_101, endOnFailure: true },
      )
    },
    600_000,
  )
})
