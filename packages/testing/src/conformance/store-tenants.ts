import type { Change } from '@cardkeep/core/changes'
import { epochMs } from '@cardkeep/core/kernel/time'
import { keysPerUser } from '@cardkeep/core/tenants/credential-use'
import type { Credential, Scope } from '@cardkeep/core/tenants/tenant'
import { describe, expect, test } from 'vitest'
import { type Bench, conflict } from './bench.ts'

export const tenantConformance = (bench: Bench): void => {
  describe('tenants', () => {
    test('are found by id and by name, and listed', async () => {
      const { store, records, put } = bench
      const plain = records.tenant()
      const full = records.tenant({
        environment: 'live',
        codePolicy: {
          hold: false,
          ttlMs: 1_500,
          uses: 0,
          destinations: ['https://psp.example', 'https://127.0.0.1:8443'],
        },
        createdAt: epochMs(records.at + 1),
      })
      await put({ type: 'put-tenant', tenant: full }, { type: 'put-tenant', tenant: plain })
      expect(await store.tenant(plain.id)).toEqual(plain)
      expect(await store.tenantNamed(full.name)).toEqual(full)
      expect(await store.tenants()).toEqual([plain, full])
      expect(await store.tenant(records.id())).toBeUndefined()
      expect(await store.tenantNamed('nobody')).toBeUndefined()
    })

    test('have an id and a name of their own', async () => {
      const { store, records, put } = bench
      const tenant = records.tenant()
      await put({ type: 'put-tenant', tenant })
      const sameId = records.tenant({ id: tenant.id })
      const sameName = records.tenant({ name: tenant.name })
      for (const other of [sameId, sameName])
        expect(await store.commit([{ type: 'put-tenant', tenant: other }])).toEqual(conflict('put-tenant'))
      expect(await store.tenants()).toEqual([tenant])
    })

    test('have the code policy that was set last', async () => {
      const { store, records, put } = bench
      const tenant = records.tenant()
      await put({ type: 'put-tenant', tenant })
      const wide = { hold: true, ttlMs: 60_000, uses: 2, destinations: undefined }
      for (const codePolicy of [
        { ...wide, hold: false, destinations: ['https://psp.example'] },
        wide,
        { ...wide, destinations: [] },
        undefined,
      ]) {
        await put({ type: 'set-code-policy', tenantId: tenant.id, policy: codePolicy })
        expect(await store.tenant(tenant.id)).toEqual({ ...tenant, codePolicy })
      }
      expect(await store.commit([{ type: 'set-code-policy', tenantId: records.id(), policy: wide }])).toEqual(
        conflict('set-code-policy'),
      )
    })
  })

  describe('scopes', () => {
    test('are read as they were put, once', async () => {
      const { store, records, put } = bench
      const scopes = [
        records.scope(),
        records.scope({ environment: 'live', deduplicates: false }),
        records.scope({
          networkTokens: { networkToken: true, accountReference: false, requestor: 'merchant' },
        }),
        records.scope({ networkTokens: { networkToken: false, accountReference: true, requestor: 'vault' } }),
      ]
      for (const scope of scopes) await put({ type: 'put-scope', scope })
      for (const scope of scopes) expect(await store.scope(scope.id)).toEqual(scope)
      expect(await store.scope(records.id())).toBeUndefined()
      for (const scope of scopes)
        expect(await store.commit([{ type: 'put-scope', scope }])).toEqual(conflict('put-scope'))
    })

    test('have the settings of network tokens that were set last', async () => {
      const { store, records, put } = bench
      const [scope, other] = [records.scope(), records.scope()]
      const set = (scopeId: Scope['id'], settings: Scope['networkTokens']): Change => ({
        type: 'set-network-tokens',
        scopeId,
        settings,
      })
      const both = { networkToken: true, accountReference: true, requestor: 'merchant' } as const
      await put({ type: 'put-scope', scope }, { type: 'put-scope', scope: other })
      for (const networkTokens of [
        both,
        { ...both, networkToken: false, requestor: 'vault' } as const,
        { ...both, accountReference: false },
        undefined,
      ]) {
        await put(set(scope.id, networkTokens))
        expect(await store.scope(scope.id)).toEqual({ ...scope, networkTokens })
        expect(await store.scope(other.id)).toEqual(other)
      }
      expect(await store.commit([set(records.id(), both)])).toEqual(conflict('set-network-tokens'))
    })

    test('are linked to the tenants they were linked to, once', async () => {
      const { store, records, put } = bench
      const scope = records.scope()
      const tenant = records.tenant()
      const stranger = records.tenant({ defaultScopeId: scope.id })
      const link: Change = { type: 'link-scope', scopeId: scope.id, tenantId: tenant.id }
      await put({ type: 'put-scope', scope }, { type: 'put-tenant', tenant })
      await put({ type: 'put-tenant', tenant: stranger })
      expect(await store.linkedTenants(scope.id)).toBe(0)
      await put(link)
      expect(await store.linkedTenants(scope.id)).toBe(1)
      expect(await store.isLinked(scope.id, tenant.id)).toBe(true)
      expect(await store.isLinked(scope.id, stranger.id)).toBe(false)
      expect(await store.commit([link])).toEqual(conflict('link-scope'))
      await put({ ...link, tenantId: stranger.id })
      expect(await store.linkedTenants(scope.id)).toBe(2)
      expect(await store.linkedTenants(records.id())).toBe(0)
    })

    test('are not linked where the scope or the tenant is missing', async () => {
      const { store, records, put } = bench
      const scope = records.scope()
      const tenant = records.tenant()
      await put({ type: 'put-scope', scope }, { type: 'put-tenant', tenant })
      for (const pair of [
        { scopeId: scope.id, tenantId: records.id<typeof tenant.id>() },
        { scopeId: records.id<typeof scope.id>(), tenantId: tenant.id },
      ]) {
        expect(await store.commit([{ type: 'link-scope', ...pair }])).toEqual(conflict('link-scope'))
        expect(await store.isLinked(pair.scopeId, pair.tenantId)).toBe(false)
      }
    })
  })

  describe('credentials', () => {
    test('are found by id, listed for a tenant and for all, revoked ones too', async () => {
      const { store, records, put } = bench
      const [mine, other] = [records.tenant(), records.tenant()]
      const plain = records.credential(mine)
      const full = records.credential(mine, {
        dialect: 'hellgate',
        permissions: [],
        publicKey: 'pk_1',
        createdAt: epochMs(records.at + 1),
        expiresAt: epochMs(records.at + 5),
        revokedAt: epochMs(records.at + 2),
        lastUsedAt: epochMs(records.at + 3),
        disabledAt: epochMs(records.at + 4),
      })
      const foreign = records.credential(other, {
        permissions: ['tokenize', 'forward', 'detokenize'],
        createdAt: epochMs(records.at + 2),
      })
      await put({ type: 'put-tenant', tenant: mine }, { type: 'put-tenant', tenant: other })
      for (const credential of [foreign, full, plain]) await put({ type: 'put-credential', credential })
      expect(await store.credential(full.id)).toEqual(full)
      expect(await store.credential(records.id())).toBeUndefined()
      expect(await store.credentials(mine.id)).toEqual([plain, full])
      expect(await store.credentials(undefined)).toEqual([plain, full, foreign])
      expect(await store.commit([{ type: 'put-credential', credential: plain }])).toEqual(
        conflict('put-credential'),
      )
    })

    test('are revoked once, and the first time stays', async () => {
      const { store, records, put } = bench
      const tenant = records.tenant()
      const credential = records.credential(tenant)
      await put({ type: 'put-tenant', tenant }, { type: 'put-credential', credential })
      await put({ type: 'revoke-credential', id: credential.id, at: records.at })
      const revoke = (id: Credential['id']): Change => ({
        type: 'revoke-credential',
        id,
        at: epochMs(records.at + 1),
      })
      expect(await store.commit([revoke(credential.id)])).toEqual(conflict('revoke-credential'))
      expect(await store.credential(credential.id)).toEqual({ ...credential, revokedAt: records.at })
      expect(await store.commit([revoke(records.id())])).toEqual(conflict('revoke-credential'))
    })

    test('remember when they were used last, and one that is gone is no conflict', async () => {
      const { store, records, put } = bench
      const tenant = records.tenant()
      const credential = records.credential(tenant)
      const useAt = (ms: number, id = credential.id): Change => ({
        type: 'use-credential',
        id,
        at: epochMs(records.at + ms),
      })
      await put({ type: 'put-tenant', tenant }, { type: 'put-credential', credential })
      await put(useAt(5), useAt(9), useAt(7), useAt(1, records.id()))
      expect(await store.credential(credential.id)).toEqual({
        ...credential,
        lastUsedAt: epochMs(records.at + 9),
      })
    })

    test('are disabled only if nobody used them after a time, and enabled as if used then', async () => {
      const { store, records, put } = bench
      const tenant = records.tenant()
      const [used, unused] = [records.credential(tenant), records.credential(tenant)]
      const after = (ms: number) => epochMs(records.at + ms)
      const disable = ({ id }: Credential, since: number): Change => ({
        type: 'disable-credential',
        id,
        at: after(100),
        unusedSince: after(since),
      })
      const enable = ({ id }: Credential): Change => ({ type: 'enable-credential', id, at: after(200) })
      await put({ type: 'put-tenant', tenant })
      for (const credential of [used, unused]) await put({ type: 'put-credential', credential })
      await put({ type: 'use-credential', id: used.id, at: after(10) })
      expect(await store.commit([disable(used, 9)])).toEqual(conflict('disable-credential'))
      await put(disable(used, 10), disable(unused, 0))
      expect(await store.credential(unused.id)).toEqual({ ...unused, disabledAt: after(100) })
      for (const wrong of [used, records.credential(tenant)])
        expect(await store.commit([disable(wrong, 1_000)])).toEqual(conflict('disable-credential'))
      await put(enable(used))
      expect(await store.credential(used.id)).toEqual({ ...used, lastUsedAt: after(200) })
      for (const wrong of [used, records.credential(tenant)])
        expect(await store.commit([enable(wrong)])).toEqual(conflict('enable-credential'))
    })

    test('of one user are so many at once and no more, whoever owns them and however they come', async () => {
      const { store, records, put } = bench
      const [mine, other] = [records.tenant(), records.tenant()]
      await put({ type: 'put-tenant', tenant: mine }, { type: 'put-tenant', tenant: other })
      const [user, nobodyElse] = [records.id(), records.id()]
      const after = (ms: number) => epochMs(records.at + ms)
      const keyOf = (publicKey: string, tenant = mine, fields: Partial<Credential> = {}) =>
        records.credential(tenant, { dialect: 'verifone', publicKey, expiresAt: after(1_000), ...fields })
      const key = (credential: Credential): Change => ({ type: 'put-credential', credential })
      const rivals = Array.from({ length: 12 }, (_, at) => keyOf(user, at % 2 === 0 ? mine : other))
      const made = async () => {
        const results = await Promise.all(rivals.map((credential) => store.commit([key(credential)])))
        return results.filter(({ ok }) => ok).length
      }
      // Those that came at one moment for one place may all but one be sent away; nobody gets one too many.
      for (let total = 0; total < keysPerUser; ) total += await made()
      const kept = (await store.credentials(undefined)).filter(({ publicKey }) => publicKey === user)
      expect(kept).toHaveLength(keysPerUser)
      expect(await store.commit([key(keyOf(user))])).toEqual(conflict('put-credential'))
      await put(key(keyOf(nobodyElse)), key(records.credential(mine, { publicKey: user })))

      const [one, two] = kept
      if (!one || !two) throw new Error('five keys')
      await put({ type: 'disable-credential', id: one.id, at: after(1), unusedSince: after(1) })
      const enable = { type: 'enable-credential', id: one.id, at: after(2) } as const
      await put(enable)
      expect(await store.commit([key(keyOf(user))])).toEqual(conflict('put-credential'))
      await put({ type: 'disable-credential', id: one.id, at: after(3), unusedSince: after(3) })
      await put(key(keyOf(user)))
      expect(await store.commit([enable])).toEqual(conflict('enable-credential'))
      await put({ type: 'revoke-credential', id: two.id, at: after(4) }, enable)
      expect(await store.commit([key(keyOf(user))])).toEqual(conflict('put-credential'))

      // Once they have expired they take no places.
      const later = { createdAt: after(1_000), expiresAt: after(2_000) }
      for (let count = 0; count < keysPerUser; count++) await put(key(keyOf(user, mine, later)))
      expect(await store.commit([key(keyOf(user, mine, later))])).toEqual(conflict('put-credential'))
    })
  })

  test('destinations are listed for their tenant and removed', async () => {
    const { store, records, put } = bench
    const [mine, other] = [records.tenant(), records.tenant()]
    const plain = records.destination(mine)
    const full = records.destination(mine, {
      origin: 'https://127.0.0.1:8443',
      pathPrefix: '/v1/payments',
      methods: ['POST', 'PUT'],
      ca: '-----BEGIN CERTIFICATE-----',
      client: { certificate: 'a chain', sealedKey: records.bytes(80) },
      headers: [
        { name: 'authorization', sealedValue: records.bytes(61) },
        { name: 'x-ünusual', sealedValue: new Uint8Array() },
      ],
      allowPrivate: true,
      createdAt: epochMs(records.at + 1),
    })
    const foreign = records.destination(other)
    await put({ type: 'put-tenant', tenant: mine }, { type: 'put-tenant', tenant: other })
    for (const destination of [full, plain, foreign]) await put({ type: 'put-destination', destination })
    expect(await store.destinations(mine.id)).toEqual([plain, full])
    expect(await store.commit([{ type: 'put-destination', destination: plain }])).toEqual(
      conflict('put-destination'),
    )
    await put({ type: 'remove-destination', id: plain.id })
    expect(await store.destinations(mine.id)).toEqual([full])
    expect(await store.commit([{ type: 'remove-destination', id: plain.id }])).toEqual(
      conflict('remove-destination'),
    )
  })
}
