import { refuse } from '@cardkeep/core/kernel/result'
import type { SessionKeys } from '@cardkeep/core/ports'
import type { Environment } from '@cardkeep/core/tenants/tenant'
import { openPayload } from './open-payload.ts'
import { createSessionPairs, type SessionKeyParts, type SessionPairs } from './session-pairs.ts'

export interface RunningSessionKeys extends SessionKeys {
  /** Sees to the pairs of the environments that are in use, or will be. To be called again and again. */
  tend(expected?: Iterable<Environment>): Promise<void>
  /** Forgets all pairs, here and where nodes share them. Whatever is under way for one comes to nothing. */
  dropAll(): Promise<void>
}

/** Key pairs that browsers seal their answers for: of each environment its own, from when it is expected or a session needs one. */
export const createSessionKeys = (parts: SessionKeyParts): RunningSessionKeys => {
  const inUse = new Map<Environment, SessionPairs>()

  const pairsOf = (environment: Environment): SessionPairs => {
    const pairs = inUse.get(environment) ?? createSessionPairs(environment, parts)
    inUse.set(environment, pairs)
    return pairs
  }

  return {
    current: (environment) => pairsOf(environment).current(),

    open: async (environment, session, payload) => {
      const privateKey = await pairsOf(environment).find(session.key.id)
      if (!privateKey) return refuse({ type: 'PayloadNotReadable' })
      return openPayload({ session, payload, privateKey })
    },

    tend: async (expected = []) => {
      for (const environment of expected) pairsOf(environment)
      await Promise.all([...inUse.values()].map((pairs) => pairs.tend()))
    },

    dropAll: async () => {
      inUse.clear()
      await parts.shared.dropAll()
    },
  }
}
