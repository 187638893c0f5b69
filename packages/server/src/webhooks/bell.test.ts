import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createBell } from './bell.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const isOver = async (waiting: Promise<void>): Promise<boolean> =>
  Promise.race([waiting.then(() => true), vi.advanceTimersByTimeAsync(0).then(() => false)])

test('whoever listens hears it at once', async () => {
  const bell = createBell()
  const heard = bell.heard(1_000)
  expect(await isOver(heard)).toBe(false)
  bell.ring()
  expect(await isOver(heard)).toBe(true)
})

test('a ring while nobody listened is heard by the next, and once', async () => {
  const bell = createBell()
  bell.ring()
  bell.ring()
  expect(await isOver(bell.heard(1_000))).toBe(true)
  expect(await isOver(bell.heard(1_000))).toBe(false)
})

test('without a ring the wait is over after its time', async () => {
  const heard = createBell().heard(1_000)
  await vi.advanceTimersByTimeAsync(999)
  expect(await isOver(heard)).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(await isOver(heard)).toBe(true)
})
