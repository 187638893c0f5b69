import { randomInt, randomUUID } from 'node:crypto'
import { uptime } from 'node:os'
import { epochMs, monotonicMs } from '@cardkeep/core/kernel/time'
import type { Clock, Draws, Ids } from '@cardkeep/core/ports'

/**
 * The process's own clock stands still while the machine sleeps, and a code must not outlive its time by a night. The
 * machine's uptime goes on, in whole seconds: where it has run ahead by more than its coarseness, that was sleep.
 */
const createSleepWatch = (): (() => number) => {
  const ahead = (): number => uptime() * 1000 - performance.now()
  const coarsenessMs = 2_000
  const lookEveryMs = 250
  let base = ahead()
  let sleptMs = 0
  let lookedAt = performance.now()
  return () => {
    // Reading the uptime costs as much as a small request does.
    if (performance.now() - lookedAt < lookEveryMs) return sleptMs
    lookedAt = performance.now()
    const extra = ahead() - base
    if (extra > coarsenessMs) {
      sleptMs += extra
      base += extra
    }
    return sleptMs
  }
}

const sleptMs = createSleepWatch()

export const systemClock: Clock = {
  now: () => epochMs(Date.now()),
  monotonic: () => monotonicMs(performance.now() + sleptMs()),
}

export const randomIds: Ids = { uuid: () => randomUUID() }

/** `randomInt` keeps random bytes in stock, so that a draw costs no call of the system's generator. */
export const randomDraws: Draws = { below: (end) => randomInt(end) }
