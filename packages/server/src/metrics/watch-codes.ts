import type { CodeBackend } from '../ephemeral/backend.ts'
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
export const watchMemoryCodes = (meters: Meters, backend: MemoryBackend): MemoryBackend => {
  const note = noteSteps(meters)
  /** A drop may concern several codes, and does its work before anyone else gets a turn. */
  const noteDrop = async <T>(drop: () => Promise<T>): Promise<T> => {
    const before = backend.count()
    const dropping = drop()
    note('dropped', before - backend.count())
    return dropping
  }
  return {
    ...backend,
    ...watchUses(meters, backend),
    drop: (name) => noteDrop(() => backend.drop(name)),
    undoHold: (receipt) => noteDrop(() => backend.undoHold(receipt)),
    dropToken: (tokenName, owner) => noteDrop(() => backend.dropToken(tokenName, owner)),
    dropAll: () => noteDrop(() => backend.dropAll()),
    sweep: () => {
      const expired = backend.sweep()
      note('expired', expired)
      return expired
    },
  }
}

/** For codes on a server, which does not say how many went with a token, nor when one expires. */
export const watchSharedCodes = (meters: Meters, backend: CodeBackend): CodeBackend => {
  const note = noteSteps(meters)
  const noteDrop = async (dropping: Promise<boolean>): Promise<boolean> => {
    const dropped = await dropping
    note('dropped', dropped ? 1 : 0)
    return dropped
  }
  return {
    ...backend,
    ...watchUses(meters, backend),
    drop: (name) => noteDrop(backend.drop(name)),
    undoHold: (receipt) => noteDrop(backend.undoHold(receipt)),
    dropToken: (tokenName, owner) => noteDrop(backend.dropToken(tokenName, owner)),
  }
}

const noteSteps =
  (meters: Meters) =>
  (step: Step, by = 1): void => {
    if (by > 0) meters.count('cardkeep_code_steps_total', { step }, by)
  }

const watchUses = (meters: Meters, backend: CodeBackend): Pick<CodeBackend, 'hold' | 'take' | 'giveBack'> => {
  const note = noteSteps(meters)
  return {
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
  }
}
