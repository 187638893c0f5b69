import { epochMs } from '@cardkeep/core/kernel/time'
import type { AllowedOrigin } from '@cardkeep/core/tenants/origin'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { describe, expect, test } from 'vitest'
import { type Bench, conflict } from './bench.ts'

/** Whose pages may embed the vault's fields. */
export const originConformance = (bench: Bench): void => {
  describe('origins', () => {
    const originOf = (tenant: Tenant, name: string, afterMs = 0): AllowedOrigin => ({
      tenantId: tenant.id,
      origin: `https://${name}.example`,
      createdAt: epochMs(bench.records.at + afterMs),
    })

    const setUp = async () => {
      const [mine, other] = [bench.records.tenant(), bench.records.tenant()]
      await bench.put({ type: 'put-tenant', tenant: mine }, { type: 'put-tenant', tenant: other })
      return { mine, other }
    }

    test('are listed for their tenant and for all, oldest first, of one moment by name', async () => {
      const { store, put } = bench
      const { mine, other } = await setUp()
      const [late, b, a] = [originOf(mine, 'aaa', 2), originOf(mine, 'b', 1), originOf(mine, 'a', 1)]
      const foreign = originOf(other, 'a')
      for (const origin of [late, b, a, foreign]) await put({ type: 'allow-origin', origin })
      expect(await store.origins(mine.id)).toEqual([a, b, late])
      expect(await store.origins(other.id)).toEqual([foreign])
      expect(await store.origins(undefined)).toEqual([foreign, a, b, late])
      expect(await store.origins(bench.records.id())).toEqual([])
    })

    test('are allowed once for a tenant, and the first time stays', async () => {
      const { store, put } = bench
      const { mine, other } = await setUp()
      const first = originOf(mine, 'shop')
      await put({ type: 'allow-origin', origin: first })
      const again = originOf(mine, 'shop', 5)
      expect(await store.commit([{ type: 'allow-origin', origin: again }])).toEqual(conflict('allow-origin'))
      await put({ type: 'allow-origin', origin: originOf(other, 'shop') })
      expect(await store.origins(mine.id)).toEqual([first])
    })

    test('are removed for one tenant, once, and can be allowed anew', async () => {
      const { store, put } = bench
      const { mine, other } = await setUp()
      const [gone, kept, foreign] = [originOf(mine, 'gone'), originOf(mine, 'kept'), originOf(other, 'gone')]
      for (const origin of [gone, kept, foreign]) await put({ type: 'allow-origin', origin })
      await put({ type: 'remove-origin', origin: gone })
      expect(await store.origins(undefined)).toEqual([foreign, kept].toSorted(byOrigin))
      expect(await store.commit([{ type: 'remove-origin', origin: gone }])).toEqual(conflict('remove-origin'))
      const later = originOf(mine, 'gone', 9)
      await put({ type: 'allow-origin', origin: later })
      expect(await store.origins(mine.id)).toEqual([kept, later])
    })

    test('that nobody allowed are not removed', async () => {
      const { mine, other } = await setUp()
      await bench.put({ type: 'allow-origin', origin: originOf(mine, 'shop') })
      for (const origin of [originOf(other, 'shop'), originOf(mine, 'sho'), originOf(mine, 'shop.example')])
        expect(await bench.store.commit([{ type: 'remove-origin', origin }])).toEqual(
          conflict('remove-origin'),
        )
      expect(await bench.store.origins(undefined)).toHaveLength(1)
    })
  })
}

const byOrigin = (a: AllowedOrigin, b: AllowedOrigin): number => (a.origin < b.origin ? -1 : 1)
