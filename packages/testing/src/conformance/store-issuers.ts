import type { Change } from '@cardkeep/core/changes'
import type { Issuer, StoredCvkComponent } from '@cardkeep/core/issuing/issuer'
import { type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { describe, expect, test } from 'vitest'
import { type Bench, conflict } from './bench.ts'

/** Tenants that issue cards, and what they have beside the cards. */
export const issuerConformance = (bench: Bench): void => {
  const after = (ms: number): EpochMs => epochMs(bench.records.at + ms)
  const putIssuer = (issuer: Issuer): Change => ({ type: 'put-issuer', issuer })
  const replace = (issuer: Issuer, hadCvk: boolean, componentsBefore?: number): Change => ({
    ...{ type: 'replace-issuer', issuer, hadCvk, componentsBefore },
  })
  const putComponent = (component: StoredCvkComponent): Change => ({ type: 'put-cvk-component', component })

  const setUp = async (): Promise<{ mine: Tenant; other: Tenant; issuer: Issuer }> => {
    const { records } = bench
    const [mine, other] = [records.tenant(), records.tenant()]
    const issuer = records.issuer(mine)
    await bench.put(
      { type: 'put-tenant', tenant: mine },
      { type: 'put-tenant', tenant: other },
      putIssuer(issuer),
    )
    return { mine, other, issuer }
  }

  describe('issuers', () => {
    test('are read as they were put, and listed, oldest first', async () => {
      const { store, records } = bench
      const { other, issuer } = await setUp()
      const full = records.issuer(other, {
        settings: { eventType: 'rotate_cvv-1', graceMs: 300_000, jitterMs: 1, pciDelayMs: 2 },
        cvk: records.cvk({ createdAt: after(3) }),
        componentsExpected: 3,
        createdAt: after(-1),
      })
      await bench.put(putIssuer(full))
      expect(await store.issuer(other.id)).toEqual(full)
      expect(await store.issuer(records.tenant().id)).toBeUndefined()
      expect(await store.issuers()).toEqual([full, issuer])
    })

    test('are tenants, and each once', async () => {
      const { store, records } = bench
      const { mine, issuer } = await setUp()
      for (const wrong of [records.issuer(mine, { createdAt: after(1) }), records.issuer(records.tenant())])
        expect(await store.commit([putIssuer(wrong)])).toEqual(conflict('put-issuer'))
      expect(await store.issuers()).toEqual([issuer])
    })

    test('are replaced where they have their keys as it was expected, and of several at once one', async () => {
      const { store, records } = bench
      const { mine, other, issuer } = await setUp()
      const changed = { ...issuer, settings: { ...issuer.settings, graceMs: 60_000 }, componentsExpected: 2 }
      expect(await store.commit([replace(changed, true)])).toEqual(conflict('replace-issuer'))
      await bench.put(replace(changed, false))
      expect(await store.issuer(mine.id)).toEqual(changed)
      for (const before of [undefined, 3])
        expect(await store.commit([replace(issuer, false, before)])).toEqual(conflict('replace-issuer'))
      expect(await store.issuer(mine.id)).toEqual(changed)
      const rivals = Array.from({ length: 5 }, () => ({ ...changed, cvk: records.cvk() }))
      const results = await Promise.all(rivals.map((rival) => store.commit([replace(rival, false, 2)])))
      expect(results.filter(({ ok }) => ok)).toHaveLength(1)
      const won = rivals[results.findIndex(({ ok }) => ok)]
      expect(await store.issuer(mine.id)).toEqual(won)
      expect(await store.commit([replace(changed, false, 2)])).toEqual(conflict('replace-issuer'))
      await bench.put(replace(changed, true, 2))
      expect(await store.commit([replace(records.issuer(other), false)])).toEqual(conflict('replace-issuer'))
    })

    test('have each BIN once, listed for one and for all, oldest first', async () => {
      const { store, records } = bench
      const { mine, other } = await setUp()
      await bench.put(putIssuer(records.issuer(other)))
      const bin = (of: Tenant, digits: string, ms: number) => ({
        tenantId: of.id,
        bin: digits,
        createdAt: after(ms),
      })
      const add = (one: ReturnType<typeof bin>): Change => ({ type: 'add-issuer-bin', bin: one })
      const [late, early, foreign] = [
        bin(mine, '400000', 3),
        bin(mine, '400000123', 1),
        bin(other, '400000', 2),
      ]
      for (const one of [late, early, foreign]) await bench.put(add(one))
      expect(await store.issuerBins(mine.id)).toEqual([early, late])
      expect(await store.issuerBins(undefined)).toEqual([early, foreign, late])
      for (const wrong of [bin(mine, '400000', 9), bin(records.tenant(), '400000', 9)])
        expect(await store.commit([add(wrong)])).toEqual(conflict('add-issuer-bin'))
      expect(await store.issuerBins(records.tenant().id)).toEqual([])
    })

    test('have no BIN that overlaps one of another where either is live, and several of their own', async () => {
      const { store, records } = bench
      const [live, test] = [records.tenant({ environment: 'live' }), records.tenant()]
      for (const tenant of [live, test])
        await bench.put({ type: 'put-tenant', tenant }, putIssuer(records.issuer(tenant)))
      const add = (of: Tenant, bin: string): Change => ({
        type: 'add-issuer-bin',
        bin: { tenantId: of.id, bin, createdAt: after(0) },
      })
      for (const taken of [add(live, '4000012'), add(live, '400001'), add(test, '5100012'), add(test, '510')])
        await bench.put(taken)
      for (const wrong of ['400001', '4000012', '40000123', '4'])
        expect([wrong, await store.commit([add(test, wrong)])]).toEqual([wrong, conflict('add-issuer-bin')])
      for (const wrong of ['510001', '5100012', '51', '510002'])
        expect([wrong, await store.commit([add(live, wrong)])]).toEqual([wrong, conflict('add-issuer-bin')])
      await bench.put(add(test, '400002'), add(live, '400003'), add(live, '511'))
      expect(await store.issuerBins(live.id)).toHaveLength(4)
    })

    test('of two that add overlapping BINs at once are one', async () => {
      const { store, records } = bench
      const pair = [1, 2].map(() => records.tenant({ environment: 'live' }))
      for (const tenant of pair)
        await bench.put({ type: 'put-tenant', tenant }, putIssuer(records.issuer(tenant)))
      const another = await bench.openAnother()
      for (let turn = 0; turn < 8; turn++) {
        const lists = pair.map(({ id: tenantId }, at): readonly Change[] => [
          {
            type: 'add-issuer-bin',
            bin: { tenantId, bin: `45000${turn}${at || ''}`, createdAt: after(turn) },
          },
        ])
        const added = await Promise.all(lists.map((list, at) => (at ? another : store).commit(list)))
        expect(added.filter(({ ok }) => ok)).toHaveLength(1)
        expect(added).toContainEqual(conflict('add-issuer-bin'))
      }
    })
  })

  describe('components of card verification keys', () => {
    test('come once from each custodian of an issuer, and are listed, oldest first', async () => {
      const { store, records } = bench
      const { mine, other } = await setUp()
      const [late, early] = [records.cvkComponent(mine, { createdAt: after(2) }), records.cvkComponent(mine)]
      await bench.put(putComponent(late), putComponent(early))
      expect(await store.cvkComponents(mine.id)).toEqual([early, late])
      expect(await store.cvkComponents(other.id)).toEqual([])
      for (const wrong of [
        records.cvkComponent(mine, { custodian: late.custodian }),
        records.cvkComponent(other),
      ])
        expect(await store.commit([putComponent(wrong)])).toEqual(conflict('put-cvk-component'))
    })

    test('go all at once, where there are as many as expected', async () => {
      const { store, records } = bench
      const { mine, other } = await setUp()
      await bench.put(putIssuer(records.issuer(other)))
      const kept = records.cvkComponent(other)
      await bench.put(...[mine, mine].map((of) => putComponent(records.cvkComponent(of))), putComponent(kept))
      const remove = (count: number): Change => ({
        type: 'remove-cvk-components',
        tenantId: mine.id,
        count,
      })
      for (const count of [0, 1, 3])
        expect(await store.commit([remove(count)])).toEqual(conflict('remove-cvk-components'))
      expect(await store.cvkComponents(mine.id)).toHaveLength(2)
      await bench.put(remove(2))
      expect(await store.cvkComponents(mine.id)).toEqual([])
      await bench.put(remove(0))
      expect(await store.cvkComponents(other.id)).toEqual([kept])
    })

    test('never stay behind where one comes while the keys are made of the others', async () => {
      const { store, records } = bench
      const { mine, issuer } = await setUp()
      await bench.put(putComponent(records.cvkComponent(mine)))
      const another = await bench.openAnother()
      for (let turn = 0; turn < 8; turn++) {
        const there = await store.cvkComponents(mine.id)
        const [combined, added] = await Promise.all([
          store.commit([
            { type: 'remove-cvk-components', tenantId: mine.id, count: there.length },
            replace({ ...issuer, cvk: records.cvk() }, false),
          ]),
          another.commit([putComponent(records.cvkComponent(mine)), replace(issuer, false)]),
        ])
        expect(combined.ok).toBe(!added.ok)
        expect(await store.cvkComponents(mine.id)).toHaveLength(combined.ok ? 0 : there.length + 1)
        if (combined.ok) await bench.put(replace(issuer, true), putComponent(records.cvkComponent(mine)))
      }
    })
  })

  describe('access keys', () => {
    test('are found by id, listed for one and for all, oldest first, retired ones too', async () => {
      const { store, records } = bench
      const { mine, other } = await setUp()
      await bench.put(putIssuer(records.issuer(other)))
      const retired = records.accessKey(mine, {
        publicJwk: '{"kty":"RSA","n":"ü"}',
        createdAt: after(2),
        retiredAt: after(3),
      })
      const [plain, foreign] = [records.accessKey(mine), records.accessKey(other, { createdAt: after(1) })]
      for (const key of [retired, plain, foreign]) await bench.put({ type: 'put-access-key', key })
      expect(await store.accessKey(retired.id)).toEqual(retired)
      expect(await store.accessKey(records.id())).toBeUndefined()
      expect(await store.accessKeys(mine.id)).toEqual([plain, retired])
      expect(await store.accessKeys(undefined)).toEqual([plain, foreign, retired])
      for (const wrong of [records.accessKey(mine, { id: plain.id }), records.accessKey(records.tenant())])
        expect(await store.commit([{ type: 'put-access-key', key: wrong }])).toEqual(
          conflict('put-access-key'),
        )
    })

    test('are retired once, and go when that was before', async () => {
      const { store, records } = bench
      const { mine } = await setUp()
      const [active, early, late] = [1, 2, 3].map(() => records.accessKey(mine))
      if (!active || !early || !late) throw new Error('three keys')
      await bench.put(...[active, early, late].map((key): Change => ({ type: 'put-access-key', key })))
      const retire = ({ id }: Pick<typeof early, 'id'>, ms: number): Change => ({
        type: 'retire-access-key',
        id,
        at: after(ms),
      })
      await bench.put(retire(early, 1), retire(late, 2))
      for (const wrong of [early, records.accessKey(mine)])
        expect(await store.commit([retire(wrong, 9)])).toEqual(conflict('retire-access-key'))
      expect(await store.accessKey(early.id)).toEqual({ ...early, retiredAt: after(1) })
      await bench.put({ type: 'purge-access-keys', before: after(1) })
      expect(await store.accessKeys(mine.id)).toHaveLength(3)
      await bench.put({ type: 'purge-access-keys', before: after(2) })
      expect(await store.accessKey(early.id)).toBeUndefined()
      await bench.put({ type: 'purge-access-keys', before: after(1_000) })
      expect(await store.accessKeys(mine.id)).toEqual([active])
    })

    test('are removed one by one, retired or not, and once', async () => {
      const { store, records } = bench
      const { mine } = await setUp()
      const [active, retired] = [records.accessKey(mine), records.accessKey(mine, { retiredAt: after(1) })]
      const kept = records.accessKey(mine)
      for (const key of [active, retired, kept]) await bench.put({ type: 'put-access-key', key })
      for (const { id } of [active, retired]) await bench.put({ type: 'remove-access-key', id })
      expect(await store.accessKeys(mine.id)).toEqual([kept])
      for (const { id } of [active, records.accessKey(mine)])
        expect(await store.commit([{ type: 'remove-access-key', id }])).toEqual(conflict('remove-access-key'))
    })
  })

  test('who else may sign for a tenant is found by both its names, which no two have alike', async () => {
    const { store, records } = bench
    const { mine } = await setUp()
    const credentials = [1, 2, 3].map(() => records.credential(mine, { dialect: 'pismo' }))
    await bench.put(...credentials.map((credential): Change => ({ type: 'put-credential', credential })))
    const [one, two, three] = credentials
    if (!one || !two || !three) throw new Error('three credentials')
    const trusted = (credential: Pick<typeof one, 'id'>, issuer: string, audience: string) => ({
      credentialId: credential.id,
      issuer,
      audience,
      jwks: '{"keys":[]}',
    })
    const trust = (wish: ReturnType<typeof trusted>): Change => ({ type: 'trust-issuer', trusted: wish })
    const [first, second] = [trusted(one, 'https://a.example', 'x y'), trusted(two, 'https://a.example', 'x')]
    await bench.put(trust(first), trust(second))
    expect(await store.trustedIssuer(first)).toEqual(first)
    expect(await store.trustedIssuer(second)).toEqual(second)
    expect(await store.trustedIssuers()).toEqual(
      [first, second].toSorted((a, b) => (a.credentialId < b.credentialId ? -1 : 1)),
    )
    expect(await store.trustedIssuer({ issuer: 'x', audience: 'https://a.example' })).toBeUndefined()
    for (const wrong of [
      trusted(three, 'https://a.example', 'x'),
      trusted(one, 'https://b.example', 'x'),
      trusted(records.credential(mine), 'https://c.example', 'x'),
    ])
      expect(await store.commit([trust(wrong)])).toEqual(conflict('trust-issuer'))
    // The same credential with it, or neither.
    expect(
      await store.commit([
        { type: 'put-credential', credential: records.credential(mine) },
        trust(trusted(three, 'https://a.example', 'x')),
      ]),
    ).toEqual(conflict('trust-issuer'))
    expect(await store.credentials(mine.id)).toHaveLength(3)
  })
}
