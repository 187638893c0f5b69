import type { Clock } from '@cardkeep/core/ports'
import { keysOfOneProcess } from '../../keys/shared-keys.ts'
import type { Ephemeral } from '../ephemeral.ts'
import { createGuessLimits } from './guess-limits.ts'
import { createLockouts } from './lockouts.ts'
import { createMemoryBackend, type MemoryBackend } from './memory-backend.ts'
import { createMemoryMarks } from './memory-marks.ts'
import { createMemorySessions } from './memory-sessions.ts'
import { createMemoryTries } from './memory-tries.ts'

/** All of it in the memory of this process: it is gone with the process, and no other sees it. */
export const createMemoryEphemeral = (options: {
  readonly clock: Clock
  /** How many codes one owner may hold at a time. */
  readonly limitPerOwner: number
  /** What was captured before brings no code; the start of the process unless given. */
  readonly marksSince?: number
  /** Puts around the codes what counts them. */
  readonly watch?: (backend: MemoryBackend) => MemoryBackend
}): Ephemeral & { readonly codes: MemoryBackend } => {
  const { clock, limitPerOwner, marksSince, watch = (backend) => backend } = options
  const codes = watch(createMemoryBackend({ clock, limitPerOwner }))
  const sessions = createMemorySessions(clock)
  const marks = createMemoryMarks(clock, marksSince === undefined ? {} : { since: marksSince })
  const guesses = createGuessLimits(clock)
  return {
    codes,
    sessions,
    sessionKeys: keysOfOneProcess,
    marks,
    guesses,
    tries: createMemoryTries(),
    lockouts: createLockouts(clock),
    isShared: false,
    sweep: async () => {
      codes.sweep()
      sessions.sweep()
      marks.sweep()
      guesses.sweep()
    },
    count: async () => codes.count(),
    pastTheirTime: async (graceMs) => codes.pastTheirTime(graceMs),
    check: async () => {},
    close: async () => {},
  }
}
