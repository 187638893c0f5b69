import type { MemoryBackend } from '../ephemeral/memory/memory-backend.ts'
import type { Meters } from './registry.ts'

type Step =
  | 'held'
  /** The tenant held as many as it may. */
  | 'refused'
  | 'taken'
  /** Asked for and not held. */
  | 'missed'
  | 'given_back'
  /** It was dropped, replaced or expired meanwhile. */
  | 'not_given_back'
  | 'dropped'
  | 'expired'

/** The same backend, with every step counted. It sees no more of a code than the backend does, and looks at none of it. */
export const watchCodes = (meters: Meters, backend: MemoryBackend): MemoryBackend => {
  const note = (step: Step, by = 1): void => {
    if (by > 0) meters.count('cardkeep_code_steps_total', { step }, by)
  }
  /** A drop may concern several codes, and does its work before anyone else gets a turn. */
  const noteDrop = async <T>(drop: () => Promise<T>): Promise<T> => {
    const before = backend.count()
    const dropping = drop()
    note('dropped', before - backend.count())
    return dropping
  }
  return {
    ...backend,
    hold: async (code) => {
      const held = await backend.hold(code)
      note(held ? 'held' : 'refused')
      return held
    },
    take: async (name, taker) => {
      const taken = await backend.take(name, taker)
      note(taken ? 'taken' : 'missed')
      return taken
    },
    giveBack: async (receipt) => {
      const returned = await backend.giveBack(receipt)
      note(returned ? 'given_back' : 'not_given_back')
      return returned
    },
    drop: (name) => noteDrop(() => backend.drop(name)),
    dropToken: (tokenName) => noteDrop(() => backend.dropToken(tokenName)),
    dropAll: () => noteDrop(() => backend.dropAll()),
    sweep: () => {
      const expired = backend.sweep()
      note('expired', expired)
      return expired
    },
  }
}
