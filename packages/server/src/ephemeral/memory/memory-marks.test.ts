import { createFixedClock } from '@cardkeep/testing/clock'
import { marksConformance } from '@cardkeep/testing/conformance/marks'
import { hashForTests } from '@cardkeep/testing/servers/redis-ephemeral'
import { describe, expect, test } from 'vitest'
import { nameBytes } from '../backend.ts'
import { createCaptureMarks } from '../capture-marks.ts'
import type { SealedMark } from '../mark-backend.ts'
import { createMemoryMarks } from './memory-marks.ts'

marksConformance('marks in memory', async (clock) => {
  const marks = createCaptureMarks((...fields) => hashForTests(fields.join(' ')), createMemoryMarks(clock))
  return { marks, another: marks }
})

describe('of very many captures', () => {
  const open = (limit: number) => {
    const clock = createFixedClock()
    const marks = createMemoryMarks(clock, { limit })
    const markAt = (at: number, ttlMs = 1_000): SealedMark => ({
      ...{ name: Buffer.alloc(nameBytes, at), owner: 'shop' },
      ttlMs,
      at: clock.now(),
    })
    return { clock, marks, markAt }
  }

  test('none is admitted that its owner has no room for, and none is forgotten for it', async () => {
    const { marks, markAt } = open(2)
    expect(await marks.admit(markAt(1))).toBe('admitted')
    expect(await marks.admit(markAt(2))).toBe('admitted')
    expect(await marks.admit(markAt(3))).toBe('full')
    for (const at of [1, 2]) expect(await marks.admit(markAt(at))).toBe('known')
  })

  test('those of one owner take no room from another', async () => {
    const { marks, markAt } = open(2)
    for (const at of [1, 2, 3]) await marks.admit(markAt(at))
    const another = { ...markAt(4), owner: 'another' }
    expect(await marks.admit(another)).toBe('admitted')
    expect(await marks.admit(another)).toBe('known')
    expect(marks.sweep()).toBe(3)
  })

  test.each([
    ['was released', async ({ marks, markAt }: ReturnType<typeof open>) => marks.release(markAt(1))],
    ['is past its time, without a sweep', async ({ clock }: ReturnType<typeof open>) => clock.advance(1_000)],
  ])('there is room again for one when one %s', async (_, make) => {
    const opened = open(2)
    const { marks, markAt } = opened
    await marks.admit(markAt(1))
    await marks.admit(markAt(2, 2_000))
    await make(opened)
    expect(await marks.admit(markAt(3))).toBe('admitted')
    expect(await marks.admit(markAt(4))).toBe('full')
  })

  test('a sweep forgets those that are past their time, and no others', async () => {
    const { clock, marks, markAt } = open(10)
    await marks.admit(markAt(1))
    clock.advance(500)
    await marks.admit(markAt(2))
    clock.advance(499)
    expect(marks.sweep()).toBe(2)
    clock.advance(1)
    expect(marks.sweep()).toBe(1)
    expect(await marks.admit(markAt(2))).toBe('known')
    clock.advance(500)
    expect(marks.sweep()).toBe(0)
  })

  test.each([
    ['without a sweep', false],
    ['by a sweep', true],
  ])(
    'what was captured no later than one that was forgotten %s is not admitted: it may be that one',
    async (_, isSwept) => {
      const { clock, marks, markAt } = open(10)
      const [spent, another] = [markAt(1), { ...markAt(2), owner: 'another' }]
      await marks.admit(spent)
      clock.advance(1_000)
      if (isSwept) marks.sweep()
      // On a wall clock that was set back meanwhile it is as new.
      clock.step(-1_000)
      expect(await marks.admit(spent)).toBe('known')
      expect(await marks.admit(markAt(3))).toBe('known')
      expect(await marks.admit({ ...markAt(3), at: spent.at + 1 })).toBe('admitted')
      expect(await marks.admit(another)).toBe('admitted')
    },
  )

  test('one that was released is not forgotten: what was captured with it may still come', async () => {
    const { clock, marks, markAt } = open(10)
    const first = markAt(1)
    await marks.admit(first)
    await marks.release(first)
    clock.advance(1_000)
    marks.sweep()
    expect(await marks.admit(first)).toBe('admitted')
  })
})

test('what was captured before the time that it is told of brings no code, and what was captured then does', async () => {
  const clock = createFixedClock()
  const since = clock.now() + 100
  const marks = createMemoryMarks(clock, { since })
  const markAt = (place: number, at: number): SealedMark => ({
    ...{ name: Buffer.alloc(nameBytes, place), owner: 'shop' },
    ttlMs: 1_000,
    at,
  })
  expect(await marks.admit(markAt(1, since - 1))).toBe('known')
  expect(await marks.admit(markAt(2, since))).toBe('admitted')
})
