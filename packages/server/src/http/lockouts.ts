import { minuteMs } from '@cardkeep/core/kernel/time'
import type { Clock } from '@cardkeep/core/ports'

/** PCI DSS 8.3.4: at most ten tries, then locked for at least thirty minutes. */
const failuresAllowed = 10
const lockedForMs = 30 * minuteMs

/** How many credential-and-address pairs are remembered; the oldest is forgotten first. */
const remembered = 100_000

interface Failures {
  count: number
  /** On the monotonic clock. */
  endsAt: number
}

/**
 * Counts failed proofs by credential and address together: by credential alone a stranger could lock a merchant out,
 * by address alone one broken client could lock out all that share its address.
 */
export interface Lockouts {
  /** Seconds that remain, or `undefined` where nothing is locked. */
  remainingSeconds(pair: string): number | undefined
  /** `true` if this failure is the one that locks. */
  fail(pair: string): boolean
  succeed(pair: string): void
}

export const createLockouts = (clock: Clock): Lockouts => {
  const pairs = new Map<string, Failures>()

  const current = (pair: string): Failures | undefined => {
    const failures = pairs.get(pair)
    if (failures && failures.endsAt > clock.monotonic()) return failures
    pairs.delete(pair)
    return undefined
  }

  return {
    remainingSeconds: (pair) => {
      const failures = current(pair)
      if (!failures || failures.count < failuresAllowed) return undefined
      return Math.ceil((failures.endsAt - clock.monotonic()) / 1000)
    },
    fail: (pair) => {
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
    succeed: (pair) => void pairs.delete(pair),
  }
}
