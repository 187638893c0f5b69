import { type EpochMs, epochMs, type MonotonicMs, monotonicMs } from '@cardkeep/core/kernel/time'
import type { Clock, Draws, Ids } from '@cardkeep/core/ports'

/** A clock that moves only when it is told to. It starts on 2026-01-01T00:00:00Z. */
export const createFixedClock = (): Clock & { advance(ms: number): void; step(ms: number): void } => {
  let wall = Date.UTC(2026, 0, 1)
  let monotonic = 1_000_000
  return {
    now: (): EpochMs => epochMs(wall),
    monotonic: (): MonotonicMs => monotonicMs(monotonic),
    advance: (ms) => {
      wall += ms
      monotonic += ms
    },
    /** Only the wall clock jumps, as when an operator sets it. */
    step: (ms) => {
      wall += ms
    },
  }
}

/** Version 4 UUIDs that count up, so that a test can name them. */
export const createCountingIds = (): Ids => {
  let next = 0
  return {
    uuid: () => `00000000-0000-4000-8000-${(++next).toString(16).padStart(12, '0')}`,
  }
}

/** Draws that are the same in each run: mulberry32, of which nothing is expected but that it spreads. */
export const createSeededDraws = (seed = 1): Draws => {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { below: (end) => Math.floor(next() * end) }
}
