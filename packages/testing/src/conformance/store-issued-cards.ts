import type { Change } from '@cardkeep/core/changes'
import { afterReset, afterWrongTry, noTries } from '@cardkeep/core/issuing/cvv-tries'
import type { IssuedCard } from '@cardkeep/core/issuing/issued-card'
import { type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import type { RotatingCard } from '@cardkeep/core/ports'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { describe, expect, test } from 'vitest'
import { type Bench, conflict } from './bench.ts'

/** Issued cards, and the wrong tries of their CVVs. */
export const issuedCardConformance = (bench: Bench): void => {
  const after = (ms: number): EpochMs => epochMs(bench.records.at + ms)
  const putCard = (made: RotatingCard): Change => ({ type: 'put-issued-card', ...made })
  const replace = (card: IssuedCard): Change => ({ type: 'replace-issued-card', card })
  const makeCard = (of: Tenant, fields: Partial<IssuedCard> = {}): RotatingCard => {
    const card = bench.records.issuedCard(of, fields)
    return { card, rotation: bench.records.rotation(card) }
  }

  const setUp = async (): Promise<{ mine: Tenant; other: Tenant }> => {
    const { records } = bench
    const [mine, other] = [records.tenant(), records.tenant()]
    for (const tenant of [mine, other])
      await bench.put({ type: 'put-tenant', tenant }, { type: 'put-issuer', issuer: records.issuer(tenant) })
    return { mine, other }
  }

  describe('issued cards', () => {
    test('are read as they were put, with how they rotate', async () => {
      const { store, records } = bench
      const { mine } = await setUp()
      const plain = makeCard(mine)
      const card = records.issuedCard(mine, {
        id: Number.MAX_SAFE_INTEGER as IssuedCard['id'],
        accountId: Number.MAX_SAFE_INTEGER,
        customerId: 1,
        status: 'BLOCKED',
        name: 'Zürich ☂ "1"\n',
        printedName: '',
        contactless: true,
        accountUpdater: true,
        transactionLimit: 0.1,
        metadata: '{"a":null}',
        updatedAt: after(5),
        version: 4,
      })
      const rotation = records.rotation(card, {
        serial: 7,
        schedule: {
          intervalMs: 3_600_000,
          nextAt: after(10),
          lastScheduledAt: after(8),
          lastRotatedAt: after(9),
        },
        dueAt: after(11),
        previous: { sealedServiceCode: records.bytes(50), until: after(12) },
        version: 3,
      })
      for (const one of [plain, { card, rotation }]) await bench.put(putCard(one))
      expect(await store.issuedCard(card.id)).toEqual({ card, rotation })
      expect(await store.issuedCard(plain.card.id)).toEqual(plain)
      expect(await store.issuedCard(makeCard(mine).card.id)).toBeUndefined()
    })

    test.each([0, 150, 1e21, 0.000_000_1, -1.5])(
      'keep a limit of %d as it came',
      async (transactionLimit) => {
        const { mine } = await setUp()
        const limited = makeCard(mine, { transactionLimit })
        await bench.put(putCard(limited))
        expect((await bench.store.issuedCard(limited.card.id))?.card.transactionLimit).toBe(transactionLimit)
      },
    )

    test('have an id and a number of their own, and an issuer', async () => {
      const { store, records } = bench
      const { mine, other } = await setUp()
      const { card, rotation } = makeCard(mine)
      await bench.put(putCard({ card, rotation }))
      const { numberHash } = card
      for (const wrong of [
        makeCard(other, { id: card.id }),
        makeCard(mine, { numberHash }),
        makeCard(records.tenant()),
      ])
        expect(await store.commit([putCard(wrong), records.audit()])).toEqual(conflict('put-issued-card'))
      // Another issuer hashes numbers under another key.
      await bench.put(putCard(makeCard(other, { numberHash })))
      expect(await store.isNumberIssued(mine.id, [records.bytes(32), numberHash])).toBe(true)
      expect(await store.isNumberIssued(mine.id, [records.bytes(32)])).toBe(false)
      expect(await store.isNumberIssued(mine.id, [])).toBe(false)
      expect(await store.isNumberIssued(records.tenant().id, [numberHash])).toBe(false)
      expect((await store.auditHead()).seq).toBe(0)
    })

    test('that an account has for a customer have different names, until they were cancelled', async () => {
      const { store } = bench
      const { mine, other } = await setUp()
      const named = { accountId: 77, customerId: 5, name: 'travel' }
      const cardNamed = (of: Tenant, name = 'travel') =>
        store.issuedCardNamed({ ...named, tenantId: of.id, name })
      const first = makeCard(mine, named)
      const [blocked, foreign, elsewhere, ofAnotherAccount] = [
        makeCard(mine, { ...named, status: 'BLOCKED' }),
        makeCard(other, named),
        makeCard(mine, { ...named, customerId: 6 }),
        makeCard(mine, { ...named, accountId: 78 }),
      ]
      for (const one of [ofAnotherAccount, first, foreign, elsewhere]) await bench.put(putCard(one))
      expect(await store.commit([putCard(blocked)])).toEqual(conflict('put-issued-card'))
      expect(await cardNamed(mine)).toBe(first.card.id)
      expect(await cardNamed(other)).toBe(foreign.card.id)
      expect(await cardNamed(mine, 'Travel')).toBeUndefined()

      const renamed = makeCard(mine, { ...named, name: 'second' })
      await bench.put(putCard(renamed))
      const clashing = { ...renamed.card, name: 'travel', version: 2 }
      expect(await store.commit([replace(clashing)])).toEqual(conflict('replace-issued-card'))
      await bench.put(replace({ ...first.card, status: 'CANCELED', version: 2 }))
      expect(await cardNamed(mine)).toBeUndefined()
      await bench.put(replace(clashing))
      expect(await cardNamed(mine)).toBe(renamed.card.id)
      // The one that was cancelled cannot come back under its name.
      expect(await store.commit([replace({ ...first.card, version: 3 })])).toEqual(
        conflict('replace-issued-card'),
      )
    })

    test('give a name up and take it in one commit', async () => {
      const { store } = bench
      const { mine } = await setUp()
      const [first, second] = [1, 2].map(() => makeCard(mine, { customerId: 5, name: 'travel' }))
      if (!first || !second) throw new Error('no cards')
      await bench.put(putCard(first))
      const given = { ...first.card, status: 'CANCELED', version: 2 } as const
      expect(await store.commit([putCard(second), replace(given)])).toEqual(conflict('put-issued-card'))
      await bench.put(replace(given), putCard(second))
      expect(await store.issuedCardNamed(second.card)).toBe(second.card.id)
    })

    test('of several that want one name at once one gets it', async () => {
      const { store } = bench
      const { mine } = await setUp()
      const rivals = Array.from({ length: 6 }, () => makeCard(mine, { customerId: 5, name: 'travel' }))
      const results = await Promise.all(rivals.map((rival) => store.commit([putCard(rival)])))
      expect(results.filter(({ ok }) => ok)).toHaveLength(1)
      const won = rivals[results.findIndex(({ ok }) => ok)]
      expect(won && (await store.issuedCardNamed(won.card))).toBe(won?.card.id)
    })

    test('are replaced by the next version alone, and their rotations stay', async () => {
      const { store } = bench
      const { mine, other } = await setUp()
      const { card, rotation } = makeCard(mine)
      await bench.put(putCard({ card, rotation }))
      const next: IssuedCard = {
        ...card,
        status: 'BLOCKED',
        name: 'another',
        printedName: 'B',
        contactless: true,
        transactionLimit: 12.5,
        metadata: '{}',
        updatedAt: after(1),
        version: 2,
      }
      await bench.put(replace(next))
      expect(await store.issuedCard(card.id)).toEqual({ card: next, rotation })
      for (const wrong of [next, { ...next, version: 4 }, { ...next, tenantId: other.id, version: 3 }])
        expect(await store.commit([replace(wrong)])).toEqual(conflict('replace-issued-card'))
      const results = await Promise.all(
        ['x', 'y', 'z'].map((name) => store.commit([replace({ ...next, name, version: 3 })])),
      )
      expect(results.filter(({ ok }) => ok)).toHaveLength(1)
    })
  })

  describe('tries of a CVV', () => {
    test('are there after the first, and each is counted on the one before', async () => {
      const { store } = bench
      const { mine } = await setUp()
      const made = makeCard(mine)
      await bench.put(putCard(made))
      const { id } = made.card
      const put = (tries: ReturnType<typeof noTries>): Change => ({ type: 'put-cvv-tries', tries })
      expect(await store.cvvTries(id)).toBeUndefined()
      const first = afterWrongTry(noTries(id), 3, after(1))
      expect(await store.commit([put({ ...first, version: 2 })])).toEqual(conflict('put-cvv-tries'))
      await bench.put(put(first))
      expect(await store.cvvTries(id)).toEqual(first)
      expect(await store.commit([put(first)])).toEqual(conflict('put-cvv-tries'))
      const second = { ...afterWrongTry(first, 3, after(2)), lockedAt: after(2) }
      const results = await Promise.all([1, 2, 3].map(() => store.commit([put(second)])))
      expect(results.filter(({ ok }) => ok)).toHaveLength(1)
      expect(await store.cvvTries(id)).toEqual(second)
      await bench.put(put(afterReset(second)))
      expect(await store.cvvTries(id)).toEqual({ ...noTries(id), version: 3 })
      const unknown = afterWrongTry(noTries(makeCard(mine).card.id), 0, after(1))
      expect(await store.commit([put(unknown)])).toEqual(conflict('put-cvv-tries'))
    })
  })
}
