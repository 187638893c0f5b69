import { type CaptureKey, captureKeysPerTenant } from '@cardkeep/core/captures/capture-key'
import type { Change } from '@cardkeep/core/changes'
import { type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import { describe, expect, test } from 'vitest'
import { type Bench, conflict } from './bench.ts'

export const captureKeyConformance = (bench: Bench): void => {
  const after = (ms: number): EpochMs => epochMs(bench.records.at + ms)
  const put = (key: CaptureKey): Change => ({ type: 'put-capture-key', key })
  const retire = ({ id }: CaptureKey, ms: number): Change => ({
    type: 'retire-capture-key',
    id,
    at: after(ms),
  })

  const setUp = async () => {
    const { records } = bench
    const [mine, other] = [records.tenant(), records.tenant()]
    await bench.put({ type: 'put-tenant', tenant: mine }, { type: 'put-tenant', tenant: other })
    return { mine, other }
  }

  describe('capture keys', () => {
    test('are found by id, listed for a tenant and for all, oldest first, retired ones too', async () => {
      const { store, records } = bench
      const { mine, other } = await setUp()
      const retired = records.captureKey(mine, {
        publicKey: 'Zürich ☂\n',
        createdAt: after(2),
        retiredAt: after(3),
      })
      const foreign = records.captureKey(other, { createdAt: after(1) })
      const [plain, same] = [records.captureKey(mine), records.captureKey(mine)]
      for (const key of [same, retired, foreign, plain]) await bench.put(put(key))
      for (const key of [same, retired, foreign, plain]) expect(await store.captureKey(key.id)).toEqual(key)
      expect(await store.captureKey(records.id())).toBeUndefined()
      // Those of one moment in the order of their ids.
      expect(await store.captureKeys(mine.id)).toEqual([plain, same, retired])
      expect(await store.captureKeys(undefined)).toEqual([plain, same, foreign, retired])
    })

    test('have an id of their own, and a tenant that is there', async () => {
      const { store, records } = bench
      const { mine, other } = await setUp()
      const key = records.captureKey(mine)
      await bench.put(put(key))
      for (const wrong of [records.captureKey(other, { id: key.id }), records.captureKey(records.tenant())])
        expect(await store.commit([put(wrong)])).toEqual(conflict('put-capture-key'))
      expect(await store.captureKeys(undefined)).toEqual([key])
    })

    test('are so many at once and no more for one tenant, also where several come for the last place', async () => {
      const { store, records } = bench
      const { mine, other } = await setUp()
      const [first, ...rest] = Array.from({ length: captureKeysPerTenant - 1 }, () =>
        records.captureKey(mine),
      )
      if (!first) throw new Error('no key')
      for (const key of [first, ...rest]) await bench.put(put(key))
      const rivals = Array.from({ length: 5 }, () => store.commit([put(records.captureKey(mine))]))
      expect((await Promise.all(rivals)).filter(({ ok }) => ok)).toHaveLength(1)
      expect(await store.captureKeys(mine.id)).toHaveLength(captureKeysPerTenant)
      await bench.put(put(records.captureKey(other)), retire(first, 1), put(records.captureKey(mine)))
      expect(await store.commit([put(records.captureKey(mine))])).toEqual(conflict('put-capture-key'))
    })

    test('are retired once, and the first time stays', async () => {
      const { store, records } = bench
      const { mine } = await setUp()
      const key = records.captureKey(mine)
      await bench.put(put(key), retire(key, 5))
      for (const wrong of [key, records.captureKey(mine)])
        expect(await store.commit([retire(wrong, 6)])).toEqual(conflict('retire-capture-key'))
      expect(await store.captureKey(key.id)).toEqual({ ...key, retiredAt: after(5) })
    })

    test('go once they were retired before, and no others', async () => {
      const { store, records } = bench
      const { mine, other } = await setUp()
      const [active, late, early, foreign] = [mine, mine, mine, other].map((tenant) =>
        records.captureKey(tenant),
      )
      if (!active || !late || !early || !foreign) throw new Error('four keys')
      await bench.put(...[active, late, early, foreign].map(put))
      await bench.put(retire(early, 1), retire(foreign, 2), retire(late, 3))
      const purge = (ms: number): Change => ({ type: 'purge-capture-keys', before: after(ms) })
      await bench.put(purge(1))
      expect(await store.captureKeys(undefined)).toHaveLength(4)
      await bench.put(purge(3))
      expect((await store.captureKeys(undefined)).map(({ id }) => id).toSorted()).toEqual(
        [active.id, late.id].toSorted(),
      )
      expect(await store.captureKey(early.id)).toBeUndefined()
      await bench.put(purge(1_000))
      expect(await store.captureKeys(undefined)).toEqual([active])
    })
  })
}
