import type { Destination } from '@cardkeep/core/destinations/destination'
import { makeDestination } from '@cardkeep/testing/provider/destination'
import { expect, test } from 'vitest'
import { createPools } from './pools.ts'

const make = () =>
  createPools({
    resolve: async () => [],
    connectMs: 1_000,
    keepAliveMs: 1_000,
    openClientKey: () => Promise.reject(new Error('not asked for')),
    openHeader: () => Promise.reject(new Error('not asked for')),
  })

const destination = (index: number): Destination => makeDestination(`http://psp-${index}.test`)

test('of too many pools the one that was not used for longest is closed', async () => {
  const pools = make()
  const first = await pools.get(destination(0))
  const second = await pools.get(destination(1))
  for (let index = 2; index < 256; index++) await pools.get(destination(index))
  expect(await pools.get(destination(0))).toBe(first)
  await pools.get(destination(256))
  expect(await pools.get(destination(0))).toBe(first)
  expect(await pools.get(destination(1))).not.toBe(second)
  expect(second.dispatcher).toMatchObject({ closed: true })
  expect(first.dispatcher).toMatchObject({ closed: false })
  await pools.close()
  expect(first.dispatcher).toMatchObject({ closed: true })
})

test('requests that come together for a new destination share one pool', async () => {
  const pools = make()
  const [one, other] = await Promise.all([pools.get(destination(0)), pools.get(destination(0))])
  expect(one).toBe(other)
  await pools.close()
})
