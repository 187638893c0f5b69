import type { Clock, Lockouts } from '@cardkeep/core/ports'
import { failuresAllowed, lockedForMs } from '@cardkeep/core/tenants/lockout'

/** How many pairs are remembered; the one that failed longest ago is forgotten first. */
const remembered = 100_000

interface Failures {
  count: number
  /** On the monotonic clock. */
  endsAt: number
}

/** Counts in this process's memory, on the clock that never steps. */
export const createLockouts = (clock: Clock): Lockouts => {
  const pairs = new Map<string, Failures>()

  const current = (pair: string): Failures | undefined => {
    const failures = pairs.get(pair)
    if (failures && failures.endsAt > clock.monotonic()) return failures
    pairs.delete(pair)
    return undefined
  }

  return {
    remainingSeconds: async (pair) => {
      const failures = current(pair)
      if (!isLocked(failures)) return undefined
      return Math.ceil((failures.endsAt - clock.monotonic()) / 1000)
    },
    fail: async (pair) => {
      const failures = current(pair) ?? { count: 0, endsAt: 0 }
      failures.count++
      failures.endsAt = clock.monotonic() + lockedForMs
      // Put at the end again, so that the first of the map is the one that failed longest ago.
      pairs.delete(pair)
      pairs.set(pair, failures)
      const [oldest] = pairs.keys()
      if (pairs.size > remembered && oldest !== undefined) pairs.delete(oldest)
      return failures.count === failuresAllowed
    },
    succeed: async (pair) => {
      if (isLocked(current(pair))) return false
      pairs.delete(pair)
      return true
    },
  }
}

const isLocked = (failures: Failures | undefined): failures is Failures =>
  failures !== undefined && failures.count >= failuresAllowed
