import { Writable } from 'node:stream'
import { UnavailableError } from '@cardkeep/core/errors'
import { createFixedClock } from '@cardkeep/testing/clock'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLog } from '../log/log.ts'
import { type Duties, type Job, startJobs } from './jobs.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Duties as several nodes share them: who has one keeps it until its end, and may ask again. */
const createSharedDuties = () => {
  const held = new Map<string, { readonly by: number; readonly until: number }>()
  return {
    held,
    of: (by: number): Duties => ({
      claimDuty: async ({ name, at, until }) => {
        const holder = held.get(name)
        if (holder && holder.by !== by && holder.until > at) return false
        held.set(name, { by, until })
        return true
      },
      releaseDuty: async (name) => {
        if (held.get(name)?.by === by) held.delete(name)
      },
    }),
  }
}

const open = () => {
  const clock = createFixedClock()
  const lines: string[] = []
  const out = new Writable({
    write: (chunk: Buffer, _encoding, next) => {
      lines.push(chunk.toString())
      next()
    },
  })
  const shared = createSharedDuties()
  return {
    ...shared,
    start: (node: number, job: Partial<Job>) =>
      startJobs([{ name: 'work', everyMs: 1_000, run: async () => {}, ...job }], {
        duties: shared.of(node),
        clock,
        log: createLog('info', out),
      }),
    pass: async (ms: number) => {
      clock.advance(ms)
      await vi.advanceTimersByTimeAsync(ms)
    },
    events: () =>
      lines.map((line) => JSON.parse(line) as { event: string; job: string }).map(({ event }) => event),
  }
}

const count = () => {
  const counted = { runs: 0, run: async () => void counted.runs++ }
  return counted
}

test('each node does its own work, and one does what is shared', async () => {
  const { start, pass } = open()
  const [own, otherOwn, shared, otherShared] = [count(), count(), count(), count()]
  start(1, { run: own.run })
  start(2, { run: otherOwn.run })
  start(1, { run: shared.run, shared: true })
  start(2, { run: otherShared.run, shared: true })
  for (let round = 0; round < 5; round++) await pass(1_000)
  expect([own.runs, otherOwn.runs]).toEqual([5, 5])
  expect([shared.runs, otherShared.runs]).toEqual([5, 0])
})

test('what a node did for all is done by another at once when it stops', async () => {
  const { start, pass } = open()
  const [first, second] = [count(), count()]
  const stopping = start(1, { run: first.run, shared: true })
  start(2, { run: second.run, shared: true })
  await pass(1_000)
  await stopping.stop()
  await pass(1_000)
  expect([first.runs, second.runs]).toEqual([1, 1])
})

test('what a node did for all is done by another when it is gone for as long as its claim', async () => {
  const { start, pass, held } = open()
  const second = count()
  held.set('work', { by: 1, until: Number.POSITIVE_INFINITY })
  start(2, { run: second.run, shared: true })
  await pass(1_000)
  expect(second.runs).toBe(0)
  held.set('work', { by: 1, until: 0 })
  await pass(1_000)
  expect(second.runs).toBe(1)
})

test.each([
  [1_000, 10_000],
  [3_600_000, 7_200_000],
])('a claim of work that is due every %i ms lasts for %i', async (everyMs, lastsMs) => {
  const { start, pass, held } = open()
  start(1, { everyMs, shared: true })
  await pass(everyMs)
  const until = held.get('work')?.until ?? 0
  expect(until - (Date.UTC(2026, 0, 1) + everyMs)).toBe(lastsMs)
})

test('a round that takes longer than its interval is not doubled, and a stop waits for it', async () => {
  const { start, pass } = open()
  const { promise, resolve } = Promise.withResolvers<void>()
  let begun = 0
  const jobs = start(1, {
    run: () => {
      begun++
      return promise
    },
  })
  await pass(5_000)
  expect(begun).toBe(1)
  let isStopped = false
  const stopped = jobs.stop().then(() => {
    isStopped = true
  })
  await pass(1_000)
  expect(isStopped).toBe(false)
  resolve()
  await stopped
  await pass(5_000)
  expect(begun).toBe(1)
})

test('what is away is said once, and again after it was back', async () => {
  const { start, pass, events } = open()
  let isAway = true
  start(1, {
    run: async () => {
      if (isAway) throw new UnavailableError('no database')
    },
  })
  for (let round = 0; round < 3; round++) await pass(1_000)
  expect(events()).toEqual(['job.waits'])
  isAway = false
  await pass(1_000)
  isAway = true
  await pass(1_000)
  expect(events()).toEqual(['job.waits', 'job.waits'])
})

test('a bug is said each time, and the work goes on', async () => {
  const { start, pass, events } = open()
  start(1, {
    run: async () => {
      throw new Error('a bug')
    },
  })
  for (let round = 0; round < 2; round++) await pass(1_000)
  expect(events()).toEqual(['job.failed', 'job.failed'])
})

test('a stop does not fail where a duty cannot be given up', async () => {
  const { pass } = open()
  const duties: Duties = {
    claimDuty: async () => true,
    releaseDuty: async () => {
      throw new UnavailableError('no database')
    },
  }
  const jobs = startJobs([{ name: 'work', everyMs: 1_000, run: async () => {}, shared: true }], {
    duties,
    clock: createFixedClock(),
    log: createLog('silent', new Writable()),
  })
  await pass(1_000)
  await expect(jobs.stop()).resolves.toBeUndefined()
})
