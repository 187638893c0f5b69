import { setImmediate as nextTurn } from 'node:timers/promises'
import { UnavailableError } from '@cardkeep/core/errors'
import { epochMs, hourMs, minuteMs, secondMs } from '@cardkeep/core/kernel/time'
import type { RotatedBatch } from '@cardkeep/core/operations/issuing/rotate-due-cvvs'
import type { RotatingCard } from '@cardkeep/core/ports'
import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { addIssuedCards, addIssuer } from '@cardkeep/testing/doubles/issuer'
import { openTestVault } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test, vi } from 'vitest'
import type { Log } from '../log/log.ts'
import { createRotator, type RotatorPorts } from './rotator.ts'

const closings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closings.splice(0).toReversed()) await close()
})

const open = async () => {
  const vault = await openTestVault()
  closings.push(() => vault.close())
  const issuer = await addIssuer(vault, 'bank')
  const lines: (readonly [string, unknown])[] = []
  const note: Log['warn'] = (event, fields) => void lines.push([event, fields])
  const log: Log = { info: note, warn: note, error: note }
  const batches: RotatedBatch[] = []
  return {
    ...{ vault, issuer, lines, batches, clock: vault.clock, store: vault.store },
    start: (parts: Partial<RotatorPorts> = {}) => {
      const rotator = createRotator({
        ...vault,
        ...{ log, isSealed: () => false, isBusy: () => false },
        rotated: (batch) => void batches.push(batch),
        ...parts,
      })
      rotator.start()
      closings.push(rotator.stop)
      return rotator
    },
    add: (count: number, after = 0) =>
      addIssuedCards(vault, issuer, {
        count,
        after,
        hours: 1,
        nextAt: epochMs(vault.clock.now() + minuteMs),
      }),
    serials: async (cards: readonly RotatingCard[]) =>
      Promise.all(cards.map(async ({ card }) => (await vault.store.issuedCard(card.id))?.rotation.serial)),
    rotated: () => batches.reduce((sum, batch) => sum + batch.rotated, 0),
  }
}

const patience = { timeout: 20_000, interval: 10 }

test('cards rotate when they are due, each once, until it is stopped', async () => {
  const { start, add, serials, rotated, clock, store } = await open()
  const cards = await add(300)
  const rotator = start()
  expect(rotated()).toBe(0)
  clock.advance(minuteMs)
  await vi.waitFor(() => expect(rotated()).toBe(300), patience)
  expect(await serials(cards)).toEqual(cards.map(() => 1))
  clock.advance(hourMs)
  await vi.waitFor(() => expect(rotated()).toBe(600), patience)
  expect(await serials(cards)).toEqual(cards.map(() => 2))
  await rotator.stop()
  clock.advance(hourMs)
  expect(await store.countDueRotations(clock.now(), undefined)).toBe(300)
})

test('two of them share what is due, and each card rotates once', async () => {
  const { start, add, serials, rotated, clock } = await open()
  const cards = await add(500)
  clock.advance(minuteMs)
  start()
  start()
  await vi.waitFor(() => expect(rotated()).toBe(500), patience)
  expect(await serials(cards)).toEqual(cards.map(() => 1))
})

test('a stop waits for what was claimed', async () => {
  const { start, add, rotated, clock, store } = await open()
  await add(400)
  clock.advance(minuteMs)
  const rotator = start()
  await vi.waitFor(() => expect(rotated()).toBeGreaterThan(0), patience)
  await rotator.stop()
  const left = await store.countDueRotations(clock.now(), undefined)
  const free = await store.claimRotations({
    ...{ at: clock.now(), until: epochMs(clock.now() + secondMs), limit: 1_000 },
  })
  expect(free).toHaveLength(left)
  expect(rotated()).toBe(400 - left)
})

test('a sealed vault rotates nothing, and what was claimed when it was sealed is left', async () => {
  const { start, add, rotated, clock, store } = await open()
  await add(400)
  clock.advance(minuteMs)
  let isSealed = true
  const claims = vi.spyOn(store, 'claimRotations')
  const rotator = start({ isSealed: () => isSealed, store })
  await rotator.stop()
  expect(claims).not.toHaveBeenCalled()
  isSealed = false
  const again = start({
    isSealed: () => isSealed,
    store: interceptCommits(store, (_, commit) => {
      isSealed = true
      return commit()
    }),
  })
  await vi.waitFor(() => expect(rotated()).toBeGreaterThan(0), patience)
  await again.stop()
  // One part.
  expect(rotated()).toBe(32)
})

test('while the store cannot be reached it waits and says so once, and goes on afterwards', async () => {
  const { start, add, rotated, clock, store, lines } = await open()
  await add(20)
  clock.advance(minuteMs)
  let failures = 0
  start({
    store: interceptCommits(store, async (_, commit) => {
      if (failures < 1) {
        failures++
        throw new UnavailableError('the disk is full')
      }
      return commit()
    }),
  })
  await vi.waitFor(() => expect(failures).toBe(1), patience)
  await vi.waitFor(() => expect(lines).toEqual([['job.waits', { job: 'rotate CVVs' }]]), patience)
  expect(rotated()).toBe(0)
  clock.advance(30 * secondMs)
  await vi.waitFor(() => expect(rotated()).toBe(20), patience)
  expect(lines).toHaveLength(1)
})

test('what could not be rotated is written down with its number, and nothing of what it was', async () => {
  const { start, add, clock, lines, store, rotated } = await open()
  const [broken] = await add(3)
  if (!broken) throw new Error('no card')
  const sealedServiceCode = new Uint8Array(broken.rotation.sealedServiceCode.length)
  await store.commit([
    { type: 'replace-rotation', rotation: { ...broken.rotation, sealedServiceCode, version: 2 } },
  ])
  clock.advance(minuteMs)
  start()
  await vi.waitFor(() => expect(rotated()).toBe(2), patience)
  await vi.waitFor(() => expect(lines).toHaveLength(1), patience)
  expect(lines[0]).toEqual([
    'rotations.failed',
    { cards: 1, error: expect.any(String), stack: expect.any(String) },
  ])
})

test('it brings back what a clock far ahead has put off', async () => {
  const { start, add, rotated, clock, store } = await open()
  const [card] = await add(5)
  if (!card) throw new Error('no card')
  clock.step(400 * 24 * hourMs)
  const early = start()
  await vi.waitFor(() => expect(rotated()).toBe(5), patience)
  await early.stop()
  clock.step(-400 * 24 * hourMs)
  start()
  await vi.waitFor(async () => {
    const found = await store.issuedCard(card.card.id)
    expect(Number(found?.rotation.dueAt) - clock.now()).toBe(minuteMs)
  }, patience)
  clock.advance(minuteMs)
  await vi.waitFor(() => expect(rotated()).toBe(10), patience)
})

test('while it looks for what a clock far ahead has put off, cards rotate', async () => {
  const { start, add, rotated, clock, store } = await open()
  await add(5)
  clock.advance(minuteMs)
  const looked = Promise.withResolvers<readonly never[]>()
  const rotator = start({ store: { ...store, farRotations: () => looked.promise } })
  await vi.waitFor(() => expect(rotated()).toBe(5), patience)
  looked.resolve([])
  await rotator.stop()
})

test('a sealed vault does not look for what a clock far ahead has put off, and an open one does until it could', async () => {
  const { start, add, rotated, clock, store, lines } = await open()
  let isSealed = true
  let looks = 0
  const farRotations = async () => {
    looks++
    if (looks === 1) throw new UnavailableError('the disk is gone')
    return []
  }
  let rests = 0
  const turns = Promise.withResolvers<void>()
  start({
    store: { ...store, farRotations },
    isSealed: () => isSealed,
    rest: () => {
      rests++
      if (rests === 20) turns.resolve()
      return nextTurn()
    },
  })
  await turns.promise
  expect(looks).toBe(0)
  isSealed = false
  await vi.waitFor(() => expect(looks).toBe(2), patience)
  await add(5)
  clock.advance(minuteMs)
  await vi.waitFor(() => expect(rotated()).toBe(5), patience)
  expect(looks).toBe(2)
  expect(lines).toEqual([['job.waits', { job: 'bring rotations near' }]])
})

test.each([
  ['after each part while a request is under way', true],
  ['after none where nobody waits', false],
] as const)('it rests %s', async (_, isBusy) => {
  const { start, add, store, clock } = await open()
  await add(300)
  clock.advance(minuteMs)
  const steps: ('part' | number)[] = []
  start({
    isBusy: () => isBusy,
    rotated: () => void steps.push('part'),
    rest: (ms) => {
      // Any longer is what it waits between two looks.
      if (ms <= 50) steps.push(ms)
      return nextTurn()
    },
  })
  await vi.waitFor(
    async () => expect(await store.countDueRotations(clock.now(), undefined)).toBe(0),
    patience,
  )
  await vi.waitFor(() => expect(steps.at(-1) === 'part').toBe(!isBusy), patience)
  const parts = steps.filter((step) => step === 'part')
  expect(parts.length).toBeGreaterThan(2)
  expect(steps.map((step) => (step === 'part' ? step : 'rest'))).toEqual(
    parts.flatMap((part) => (isBusy ? [part, 'rest'] : [part])),
  )
})

test('a vault that is busy rotates all the same', async () => {
  const { start, add, rotated, clock } = await open()
  await add(300)
  clock.advance(minuteMs)
  start({ isBusy: () => true })
  await vi.waitFor(() => expect(rotated()).toBe(300), patience)
})
