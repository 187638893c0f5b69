import { secondMs } from '@cardkeep/core/kernel/time'
import type { Clock, Lockouts } from '@cardkeep/core/ports'

/** How many pairs are remembered; the one found clean longest ago is forgotten first. */
const remembered = 10_000
const goodForMs = secondMs

/**
 * Spares a caller whose credential is good the way to the shared server: a pair that succeeded here less than a second ago
 * is not asked about again. A lock by another node is so heeded a second late, and only by a caller who had just proven the
 * credential from the same address. A failure here is counted there at once and ends what was remembered.
 */
export const rememberClean = (lockouts: Lockouts, clock: Clock): Lockouts => {
  /** Until when, on the monotonic clock; in the order in which it ends. */
  const cleanUntil = new Map<string, number>()
  let failures = 0

  const isClean = (pair: string): boolean => (cleanUntil.get(pair) ?? 0) > clock.monotonic()

  return {
    remainingSeconds: async (pair) => (isClean(pair) ? undefined : lockouts.remainingSeconds(pair)),
    fail: (pair) => {
      failures++
      cleanUntil.delete(pair)
      return lockouts.fail(pair)
    },
    succeed: async (pair) => {
      if (isClean(pair)) return true
      const before = failures
      if (!(await lockouts.succeed(pair))) return false
      // A failure that was counted meanwhile may be one of this pair, which is not clean then.
      if (failures !== before) return true
      cleanUntil.delete(pair)
      cleanUntil.set(pair, clock.monotonic() + goodForMs)
      const [oldest] = cleanUntil.keys()
      if (cleanUntil.size > remembered && oldest !== undefined) cleanUntil.delete(oldest)
      return true
    },
  }
}
