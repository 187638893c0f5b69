import type { BinRecord } from '@cardkeep/core/bins/bin'
import type { Change } from '@cardkeep/core/changes'
import type { BinSetId } from '@cardkeep/core/kernel/ids'
import { epochMs } from '@cardkeep/core/kernel/time'
import { describe, expect, test } from 'vitest'
import { type Bench, conflict } from './bench.ts'

export const binConformance = (bench: Bench): void => {
  const fill = (set: BinSetId, ...bins: readonly BinRecord[]): Change => ({ type: 'put-bins', set, bins })
  const use = (set: BinSetId, ms = 0): Change => ({
    type: 'use-bins',
    set,
    at: epochMs(bench.records.at + ms),
  })
  const newSet = (): BinSetId => bench.records.id<BinSetId>()

  describe('the BIN table', () => {
    test('is empty until a set is used', async () => {
      const { store, records, put } = bench
      expect(await store.binTable()).toEqual({ count: 0, at: undefined })
      await put(fill(newSet(), records.bin('400000')))
      expect(await store.bin(['400000'])).toBeUndefined()
      expect(await store.binTable()).toEqual({ count: 0, at: undefined })
    })

    test('answers for the longest prefix that it knows, with every field', async () => {
      const { store, records, put } = bench
      const six = records.bin('400000')
      const eight = records.bin('40000012', {
        brand: 'visa',
        funding: 'prepaid',
        segment: 'commercial',
        product: 'Visa Platinum',
        issuer: 'Zürcher Bank ☂',
        country: 'CH',
        currency: 'CHF',
      })
      const set = newSet()
      await put(fill(set, six, eight), use(set))
      expect(await store.bin(['400000', '4000001', '40000012'])).toEqual(eight)
      expect(await store.bin(['40000012', '4000001', '400000'])).toEqual(eight)
      expect(await store.bin(['400000', '4000001', '40000019'])).toEqual(six)
      expect(await store.bin(['4000001'])).toBeUndefined()
      expect(await store.bin([])).toBeUndefined()
    })

    test('has the later of two rows of one prefix, in one list or in two', async () => {
      const { store, records, put } = bench
      const set = newSet()
      const named = (prefix: string, issuer: string) => records.bin(prefix, { issuer })
      await put(
        fill(
          set,
          named('400000', 'a'),
          named('400000', 'b'),
          records.bin('510000', { issuer: 'c', country: 'DE' }),
        ),
      )
      await put(fill(set, named('510000', 'd')), use(set))
      expect(await store.bin(['400000'])).toEqual(named('400000', 'b'))
      expect(await store.bin(['510000'])).toEqual(named('510000', 'd'))
      expect(await store.binTable()).toEqual({ count: 2, at: records.at })
    })

    test('is the new one or the old one as a whole', async () => {
      const { store, records, put } = bench
      const [first, second] = [newSet(), newSet()]
      await put(fill(first, records.bin('400000'), records.bin('410000')), use(first))
      await put(fill(second, records.bin('420000')))
      expect(await store.bin(['420000'])).toBeUndefined()
      expect(await store.commit([use(second, 1), { type: 'remove-webhook', id: records.id() }])).toEqual(
        conflict('remove-webhook'),
      )
      expect(await store.binTable()).toEqual({ count: 2, at: records.at })
      await put(use(second, 2))
      expect(await store.bin(['400000'])).toBeUndefined()
      expect(await store.bin(['410000'])).toBeUndefined()
      expect(await store.bin(['420000'])).toEqual(records.bin('420000'))
      expect(await store.binTable()).toEqual({ count: 1, at: epochMs(records.at + 2) })
    })

    test('takes no rows any more once it is used', async () => {
      const { store, records, put } = bench
      const set = newSet()
      await put(fill(set, records.bin('400000')), use(set))
      expect(await store.commit([fill(set, records.bin('410000'))])).toEqual(conflict('put-bins'))
      expect(await store.bin(['410000'])).toBeUndefined()
    })

    test('may be used twice, and may be empty', async () => {
      const { store, records, put } = bench
      const [set, empty] = [newSet(), newSet()]
      await put(fill(set, records.bin('400000')), use(set))
      await put(use(set, 5))
      expect(await store.binTable()).toEqual({ count: 1, at: epochMs(records.at + 5) })
      await put(use(empty, 6))
      expect(await store.binTable()).toEqual({ count: 0, at: epochMs(records.at + 6) })
      expect(await store.bin(['400000'])).toBeUndefined()
    })

    test('is never half of a set that was removed while another filled it', async () => {
      const { store, records, put } = bench
      const [slow, quick] = [newSet(), newSet()]
      await put(fill(slow, records.bin('400000')))
      await put(fill(quick, records.bin('510000')), use(quick))
      expect(await store.commit([fill(slow, records.bin('410000'))])).toEqual(conflict('put-bins'))
      expect(await store.commit([use(slow, 1)])).toEqual(conflict('use-bins'))
      expect(await store.binTable()).toEqual({ count: 1, at: records.at })
      expect(await store.bin(['510000'])).toEqual(records.bin('510000'))
    })
  })
}
