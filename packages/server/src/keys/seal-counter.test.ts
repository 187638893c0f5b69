import { UnavailableError } from '@cardkeep/core/errors'
import { describe, expect, test } from 'vitest'
import { createSealCounter } from './seal-counter.ts'

/** The count in the database, as several processes see it. */
const createStoredCount = (count = 0) => {
  const stored = { count, writes: 0, fails: false }
  return {
    stored,
    open: (budget = { limit: 100, block: 10 }) =>
      createSealCounter({
        name: 'the key',
        budget,
        stored: stored.count,
        raise: async (upTo) => {
          if (stored.fails) throw new UnavailableError('no database')
          if (stored.count >= upTo) return false
          stored.count = upTo
          stored.writes++
          return true
        },
        readStored: async () => stored.count,
      }),
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

test('no seal is counted before a block is stored', async () => {
  const { stored, open } = createStoredCount()
  const counter = open()
  expect(counter.count()).toBe(false)
  await counter.reserve()
  expect(stored.count).toBe(10)
  expect(counter.count()).toBe(true)
})

test('the stored count is never below the seals that were made', async () => {
  const { stored, open } = createStoredCount()
  const counter = open()
  for (let made = 1; made <= 95; made++) {
    while (!counter.count()) await counter.reserve()
    expect(stored.count).toBeGreaterThanOrEqual(made)
    if (made % 7 === 0) await settle()
  }
  expect(stored.count).toBe(100)
})

test('the next block is stored while half of this one is left, so that nobody waits for it', async () => {
  const { stored, open } = createStoredCount()
  const counter = open()
  await counter.reserve()
  for (let made = 0; made < 5; made++) counter.count()
  await settle()
  expect(stored.count).toBe(20)
  for (let made = 0; made < 10; made++) expect(counter.count()).toBe(true)
})

test('a process that starts again counts from what was stored', async () => {
  const { stored, open } = createStoredCount()
  await open().reserve()
  await open().reserve()
  expect(stored.count).toBe(20)
})

test('two processes never own the same block, in whichever order they read and write', async () => {
  const { stored, open } = createStoredCount()
  const counters = [open(), open(), open()]
  let made = 0
  await Promise.all(
    counters.map(async (counter) => {
      for (let own = 0; own < 30; own++) {
        while (!counter.count()) await counter.reserve()
        made++
        expect(stored.count).toBeGreaterThanOrEqual(made)
      }
    }),
  )
  expect(made).toBe(90)
})

test('callers that find nothing left at the same moment share one reservation', async () => {
  const { stored, open } = createStoredCount()
  const counter = open()
  await Promise.all([counter.reserve(), counter.reserve(), counter.reserve()])
  expect(stored.writes).toBe(1)
})

describe('at the limit', () => {
  test('nothing more is reserved, and the error says to rotate', async () => {
    const { stored, open } = createStoredCount(100)
    await expect(open().reserve()).rejects.toThrow(/the key has made the 100 seals .* rotate it/)
    expect(stored.count).toBe(100)
  })

  test('the last block is used to its end', async () => {
    const { open } = createStoredCount(90)
    const counter = open()
    await counter.reserve()
    for (let made = 0; made < 10; made++) expect(counter.count()).toBe(true)
    await settle()
    expect(counter.count()).toBe(false)
    await expect(counter.reserve()).rejects.toBeInstanceOf(UnavailableError)
  })
})

test('a database that cannot be reached stops only the seal that has none left', async () => {
  const { stored, open } = createStoredCount()
  const counter = open()
  await counter.reserve()
  stored.fails = true
  for (let made = 0; made < 10; made++) expect(counter.count()).toBe(true)
  await settle()
  expect(counter.count()).toBe(false)
  await expect(counter.reserve()).rejects.toThrow('no database')
  stored.fails = false
  await counter.reserve()
  expect(counter.count()).toBe(true)
})
