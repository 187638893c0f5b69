import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { nextStopSignal, waitUnlessSignalled } from './stop-signals.ts'

/** As the system would tell this process. */
const signal = (name: 'SIGTERM' | 'SIGINT'): void => {
  process.emit(name, name)
}
const listening = (): number => process.listenerCount('SIGTERM') + process.listenerCount('SIGINT')

let before: number
beforeEach(() => {
  vi.useFakeTimers()
  before = listening()
})
afterEach(() => {
  vi.useRealTimers()
})

const isOver = async (promise: Promise<unknown>): Promise<boolean> => {
  let over = false
  void promise.then(() => {
    over = true
  })
  await vi.advanceTimersByTimeAsync(0)
  return over
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  "%s is heard once, and the next is the system's again",
  async (name) => {
    const heard = nextStopSignal()
    expect(listening()).toBe(before + 2)
    signal(name)
    expect(await heard).toBe(name)
    expect(listening()).toBe(before)
  },
)

test('a wait ends with its time', async () => {
  const waiting = waitUnlessSignalled(5_000)
  await vi.advanceTimersByTimeAsync(4_999)
  expect(await isOver(waiting)).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(await isOver(waiting)).toBe(true)
  expect(listening()).toBe(before)
})

test('a wait ends with another signal', async () => {
  const waiting = waitUnlessSignalled(5_000)
  await vi.advanceTimersByTimeAsync(1_000)
  signal('SIGINT')
  expect(await isOver(waiting)).toBe(true)
  expect(vi.getTimerCount()).toBe(0)
  expect(listening()).toBe(before)
})

test('no wait hears no signal', async () => {
  const waiting = waitUnlessSignalled(0)
  expect(listening()).toBe(before)
  expect(await isOver(waiting)).toBe(true)
})
