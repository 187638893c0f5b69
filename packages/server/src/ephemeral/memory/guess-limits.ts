import { type GuessKind, guessKinds, guessLimits, kindOfMark } from '@cardkeep/core/codes/guesses'
import type { Clock, GuessLimits } from '@cardkeep/core/ports'

/** Of each kind; the one that failed longest ago is forgotten first. Apart, so that many sessions push out no address. */
const remembered = 20_000

export interface MemoryGuessLimits extends GuessLimits {
  /** Forgets marks whose failures have all been forgotten by themselves. Answers how many are left. */
  sweep(): number
}

/**
 * A bucket for each mark: every failure pours one in, and one runs out every so often. A number is all that is kept of a
 * bucket: when it will be empty, on the clock that never steps.
 */
export const createGuessLimits = (clock: Clock): MemoryGuessLimits => {
  const emptyAt: Readonly<Record<GuessKind, Map<string, number>>> = {
    session: new Map(),
    token: new Map(),
    address: new Map(),
    answer: new Map(),
    visitor: new Map(),
    payload: new Map(),
  }

  const waitMs = (mark: string): number => {
    const kind = kindOfMark(mark)
    const { atOnce, everyMs } = guessLimits[kind]
    const roomAt = (emptyAt[kind].get(mark) ?? 0) - (atOnce - 1) * everyMs
    return roomAt - clock.monotonic()
  }

  const fail = (mark: string): void => {
    const kind = kindOfMark(mark)
    const { atOnce, everyMs } = guessLimits[kind]
    const buckets = emptyAt[kind]
    const now = clock.monotonic()
    const after = Math.max(now, buckets.get(mark) ?? 0) + everyMs
    // Put at the end again, so that the first of the map is the one that failed longest ago.
    buckets.delete(mark)
    // Never more than full: those that were under way together must not lengthen the wait.
    buckets.set(mark, Math.min(after, now + atOnce * everyMs))
    const [oldest] = buckets.keys()
    if (buckets.size > remembered && oldest !== undefined) buckets.delete(oldest)
  }

  return {
    waitSeconds: async (marks) => {
      const longestMs = Math.max(0, ...marks.map(waitMs))
      return longestMs > 0 ? Math.ceil(longestMs / 1000) : undefined
    },
    failed: async (marks) => marks.forEach(fail),
    sweep: () => {
      const now = clock.monotonic()
      let left = 0
      for (const kind of guessKinds) {
        for (const [mark, at] of emptyAt[kind]) if (at <= now) emptyAt[kind].delete(mark)
        left += emptyAt[kind].size
      }
      return left
    },
  }
}
