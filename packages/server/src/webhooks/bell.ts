import { setTimeout as wait } from 'node:timers/promises'

export interface Bell {
  ring(): void
  /** Resolves when it rings, at once if it rang since the last time, or after so many milliseconds. */
  heard(withinMs: number): Promise<void>
  /** So many milliseconds in which a ring is kept for later. */
  silence(ms: number): Promise<void>
}

export const createBell = (): Bell => {
  let rang = false
  let tell: (() => void) | undefined
  return {
    ring: () => {
      rang = true
      tell?.()
    },
    heard: async (withinMs) => {
      if (!rang) {
        const { promise, resolve } = Promise.withResolvers<void>()
        const timer = setTimeout(resolve, withinMs)
        tell = resolve
        await promise
        clearTimeout(timer)
        tell = undefined
      }
      rang = false
    },
    silence: async (ms) => {
      await wait(ms)
    },
  }
}
