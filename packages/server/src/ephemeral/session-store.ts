import type { CaptureId } from '@cardkeep/core/kernel/ids'
import { done, refuse } from '@cardkeep/core/kernel/result'
import { minuteMs } from '@cardkeep/core/kernel/time'
import type { SessionStore } from '@cardkeep/core/ports'
import {
  type FoundSession,
  type SessionEnd,
  type SessionState,
  sessionKeyMs,
  sessionLifetimeMs,
} from '@cardkeep/core/sessions/capture-session'
import type { SessionSealer } from '../keys/session-sealer.ts'
import type { FoundSealedSession, SealedState, SessionBackend } from './session-backend.ts'
import { readEnd, readSession, writeEnd, writeSession } from './session-text.ts'

/** Outlives every key that opens the payload, also where the clocks of nodes differ. */
const markLifetimeMs = sessionKeyMs + sessionLifetimeMs + minuteMs

const tooManyFailures: SessionEnd = { type: 'failure', reason: 'too many failures' }

/**
 * Keeps sessions sealed under keys of their own, with their id as associated data, under names that are keyed hashes of
 * the id: whoever reads the backend's memory can neither answer a session nor tell who is asked for what.
 */
export const createSessionStore = (sealer: SessionSealer, backend: SessionBackend): SessionStore => {
  const openState = async (id: CaptureId, state: SealedState): Promise<SessionState> =>
    state.type === 'ended'
      ? { type: 'ended', end: readEnd(await sealer.open(id, 'end', state.sealedEnd)) }
      : state

  const openSession = async (id: CaptureId, sealed: Uint8Array) =>
    readSession(id, await sealer.open(id, 'session', sealed))

  const openFound = async (id: CaptureId, { sealed, state }: FoundSealedSession): Promise<FoundSession> => ({
    type: 'found',
    session: await openSession(id, sealed),
    state: await openState(id, state),
  })

  return {
    open: async (session) => {
      const opened = await backend.open({
        name: sealer.name(session.id),
        owner: session.tenantId,
        sealed: await sealer.seal(session.id, 'session', writeSession(session)),
        ttlMs: sessionLifetimeMs,
      })
      return opened ? done : refuse({ type: 'TooManySessions' })
    },

    drop: (id) => backend.drop(sealer.name(id)),

    find: async (id) => {
      const found = await backend.find(sealer.name(id))
      return found && openFound(id, found)
    },

    claim: async (id) => {
      const claim = await backend.claim(sealer.name(id))
      if (claim?.type !== 'claimed') return claim && openFound(id, claim)
      try {
        return {
          type: 'claimed',
          session: await openSession(id, claim.sealed),
          receipt: claim.receipt,
        }
      } catch (error) {
        // Keys that cannot be had now must not keep the next one waiting.
        await backend.release(claim.receipt)
        throw error
      }
    },

    admit: ({ receipt }, mark) =>
      backend.admit(receipt, { name: sealer.markName(mark), ttlMs: markLifetimeMs }),

    release: ({ receipt }) => backend.release(receipt),

    fail: async ({ session: { id }, receipt }) => {
      const sealedEnd = await sealer.seal(id, 'end', writeEnd(tooManyFailures))
      const state = await backend.fail(receipt, sealedEnd)
      return state && openState(id, state)
    },

    end: async ({ session: { id }, receipt }, end) =>
      backend.end(receipt, await sealer.seal(id, 'end', writeEnd(end))),

    dropAll: () => backend.dropAll(),
  }
}
