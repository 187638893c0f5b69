import { tenantAt } from '@cardkeep/testing/keys/fixture'
import { expect, test } from 'vitest'
import { createFairQueue } from './fair-queue.ts'

const itemOf = (tenant: number, name: string) => ({ tenantId: tenantAt(tenant), name })
type Item = ReturnType<typeof itemOf>

const open = (limits = { perTenant: 10, total: 100, atLeast: 1 }) => {
  const queue = createFairQueue<Item>(limits)
  const enter = (tenant: number, ...names: readonly string[]): readonly boolean[] =>
    names.map((name) => queue.enter(itemOf(tenant, name)))
  const takeAll = (): readonly string[] => {
    const taken: string[] = []
    for (let item = queue.next(); item; item = queue.next()) {
      queue.take(item)
      taken.push(item.name)
    }
    return taken
  }
  return { queue, enter, takeAll }
}

test('tenants take turns, and what is of one tenant stays in its order', () => {
  const { enter, takeAll } = open()
  enter(1, 'a1', 'a2', 'a3', 'a4')
  enter(2, 'b1', 'b2')
  enter(3, 'c1')
  expect(takeAll()).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4'])
})

test('a tenant that comes later does not wait for all that another has', () => {
  const { queue, enter, takeAll } = open()
  enter(1, 'a1', 'a2', 'a3')
  const first = queue.next()
  if (first) queue.take(first)
  enter(2, 'b1')
  expect(takeAll()).toEqual(['a2', 'b1', 'a3'])
})

test('a tenant has so many places, which those that are done give back and those that were only taken do not', () => {
  const { queue, enter, takeAll } = open({ perTenant: 2, total: 100, atLeast: 1 })
  const first = itemOf(1, 'a1')
  expect(queue.enter(first)).toBe(true)
  expect(enter(1, 'a2', 'a3')).toEqual([true, false])
  expect(enter(2, 'b1')).toEqual([true])
  takeAll()
  expect(enter(1, 'a3')).toEqual([false])
  queue.leave(first)
  expect(enter(1, 'a3', 'a4')).toEqual([true, false])
})

test('where all together have too many, each tenant still has the least that it is promised', () => {
  const { enter } = open({ perTenant: 3, total: 4, atLeast: 2 })
  expect(enter(1, 'a1', 'a2', 'a3', 'a4')).toEqual([true, true, true, false])
  expect(enter(2, 'b1', 'b2', 'b3')).toEqual([true, true, false])
  expect(enter(3, 'c1', 'c2', 'c3')).toEqual([true, true, false])
})

test('what leaves while it waits is not handed out', () => {
  const { queue, enter, takeAll } = open()
  const gone = itemOf(1, 'a1')
  queue.enter(gone)
  enter(1, 'a2')
  queue.leave(gone)
  expect(takeAll()).toEqual(['a2'])
})

test('what was taken in vain is the next of its tenant', () => {
  const { queue, enter, takeAll } = open()
  const again = itemOf(1, 'a1')
  queue.enter(again)
  enter(1, 'a2')
  enter(2, 'b1')
  queue.take(again)
  queue.putBack(again)
  expect(takeAll()).toEqual(['b1', 'a1', 'a2'])
  queue.putBack(again)
  expect(takeAll()).toEqual(['a1'])
})

test('all that waits can be had at once, and waits no more', () => {
  const { queue, enter } = open()
  enter(1, 'a1', 'a2')
  enter(2, 'b1')
  expect(queue.clear().map(({ name }) => name)).toEqual(['a1', 'a2', 'b1'])
  expect(queue.next()).toBeUndefined()
})
