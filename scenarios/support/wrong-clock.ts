import { fileURLToPath } from 'node:url'

const shifter = fileURLToPath(new URL('../../packages/testing/src/shift-clock.ts', import.meta.url))

/** Settings of a vault on a machine whose clock is ahead by so much, or behind. */
export const clockAhead = (ms: number): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--import=${shifter}`,
  CLOCK_SHIFT_MS: String(ms),
})
