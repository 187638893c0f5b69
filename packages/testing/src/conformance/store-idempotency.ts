import type { Change } from '@cardkeep/core/changes'
import {
  claimLifetimeMs,
  type IdempotencyClaim,
  replyLifetimeMs,
  type StoredReply,
} from '@cardkeep/core/idempotency/claim'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { describe, expect, test } from 'vitest'
import { type Bench, conflict, made } from './bench.ts'
import { countEntries } from './count-entries.ts'

export const idempotencyConformance = (bench: Bench): void => {
  const reply: StoredReply = { status: 201, sealedBody: Uint8Array.from({ length: 256 }, (_, at) => at) }
  const claiming = (claim: IdempotencyClaim): Change => ({ type: 'claim-idempotency', claim })
  const settling = (claim: IdempotencyClaim, given = reply): Change => ({
    type: 'settle-idempotency',
    claim,
    reply: given,
  })
  const releasing = (claim: IdempotencyClaim): Change => ({ type: 'release-idempotency', claim })
  const setUp = async (): Promise<{ tenant: Tenant; claim: IdempotencyClaim }> => {
    const tenant = bench.records.tenant()
    await bench.put({ type: 'put-tenant', tenant })
    return { tenant, claim: bench.records.claim(tenant) }
  }
  /** Another request under the same key, so much later. */
  const later = (claim: IdempotencyClaim, ms: number): IdempotencyClaim => ({
    ...bench.records.claim({ id: claim.tenantId } as Tenant),
    name: claim.name,
    at: epochMs(claim.at + ms),
  })
  const stored = (claim: IdempotencyClaim) => bench.store.idempotencyClaim(claim.name)

  describe('idempotency claims', () => {
    test('are under way once they are made, and answered once they are settled', async () => {
      const { claim } = await setUp()
      expect(await stored(claim)).toBeUndefined()
      await bench.put(claiming(claim))
      expect(await stored(claim)).toEqual({ ...claim, reply: undefined })
      await bench.put(settling(claim))
      expect(await stored(claim)).toEqual({ ...claim, reply })
    })

    test('have one winner of fifty at once, here and in another store', async () => {
      const { claim } = await setUp()
      const another = await bench.openAnother()
      const claims = Array.from({ length: 50 }, () => later(claim, 0))
      const results = await Promise.all(
        claims.map((one, at) =>
          (at % 2 ? another : bench.store).commit([claiming(one), bench.records.audit()]),
        ),
      )
      const winners = claims.filter((_, at) => results[at]?.ok)
      expect(winners).toHaveLength(1)
      expect((await stored(claim))?.claimId).toBe(winners[0]?.claimId)
      expect(results.filter(({ ok }) => !ok)).toEqual(Array(49).fill(conflict('claim-idempotency')))
      expect(await countEntries(bench.store)).toBe(1)
    })

    test('that are under way are open to another after their time, and not before', async () => {
      const { claim } = await setUp()
      await bench.put(claiming(claim))
      const early = later(claim, claimLifetimeMs - 1)
      expect(await bench.store.commit([claiming(early)])).toEqual(conflict('claim-idempotency'))
      expect(await stored(claim)).toEqual({ ...claim, reply: undefined })
      const next = later(claim, claimLifetimeMs)
      await bench.put(claiming(next))
      expect(await stored(claim)).toEqual({ ...next, reply: undefined })
    })

    test('that are answered keep their reply for a day, and are then open to another', async () => {
      const { claim } = await setUp()
      await bench.put(claiming(claim), settling(claim))
      const early = later(claim, replyLifetimeMs - 1)
      expect(await bench.store.commit([claiming(early)])).toEqual(conflict('claim-idempotency'))
      expect(await stored(claim)).toEqual({ ...claim, reply })
      const next = later(claim, replyLifetimeMs)
      await bench.put(claiming(next))
      expect(await stored(claim)).toEqual({ ...next, reply: undefined })
    })

    test('that were taken over cannot settle, and what was to commit with them does not', async () => {
      const { tenant, claim } = await setUp()
      const next = later(claim, claimLifetimeMs)
      await bench.put(claiming(claim))
      await bench.put(claiming(next))
      const list: readonly Change[] = [bench.records.audit(), settling(claim)]
      expect(await bench.store.commit(list)).toEqual(conflict('settle-idempotency'))
      expect(await countEntries(bench.store)).toBe(0)
      await bench.put(releasing(claim))
      expect(await stored(claim)).toEqual({ ...next, tenantId: tenant.id, reply: undefined })
      await bench.put(settling(next))
    })

    test('are settled once', async () => {
      const { claim } = await setUp()
      await bench.put(claiming(claim), settling(claim))
      expect(
        await bench.store.commit([settling(claim, { status: 500, sealedBody: new Uint8Array() })]),
      ).toEqual(conflict('settle-idempotency'))
      expect(await stored(claim)).toEqual({ ...claim, reply })
    })

    test('that were never made cannot settle', async () => {
      const { claim } = await setUp()
      expect(await bench.store.commit([settling(claim)])).toEqual(conflict('settle-idempotency'))
    })

    test('are gone when they are released, and once they are answered nothing releases them', async () => {
      const { claim } = await setUp()
      await bench.put(claiming(claim))
      await bench.put(releasing(claim))
      expect(await stored(claim)).toBeUndefined()
      expect(await bench.store.commit([releasing(claim)])).toEqual(made)
      await bench.put(claiming(claim), settling(claim), releasing(claim))
      expect(await stored(claim)).toEqual({ ...claim, reply })
    })

    test('may have an empty reply', async () => {
      const { claim } = await setUp()
      const empty = { status: 204, sealedBody: new Uint8Array() }
      await bench.put(claiming(claim), settling(claim, empty))
      expect((await stored(claim))?.reply).toEqual(empty)
      expect(await bench.store.commit([settling(claim)])).toEqual(conflict('settle-idempotency'))
    })

    test('that are older than a time are removed, however many they are', async () => {
      const { tenant, claim } = await setUp()
      const old = Array.from({ length: 2_100 }, () => bench.records.claim(tenant))
      const young = later(bench.records.claim(tenant), 1)
      await bench.put(...old.map(claiming), claiming(young))
      await bench.put({ type: 'purge-idempotency', before: epochMs(claim.at + 1) })
      for (const one of old) if (await stored(one)) throw new Error('an old claim is still there')
      expect(await stored(young)).toEqual({ ...young, reply: undefined })
    })
  })
}
