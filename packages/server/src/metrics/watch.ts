import type { Change } from '@cardkeep/core/changes'
import type { RotatedBatch } from '@cardkeep/core/operations/issuing/rotate-due-cvvs'
import type { Clock, Egress, Lockouts, SendOutcome, Store } from '@cardkeep/core/ports'
import type { CodeBackend } from '../ephemeral/backend.ts'
import type { MemoryBackend } from '../ephemeral/memory/memory-backend.ts'
import type { Answered } from '../http/tell-answers.ts'
import type { Meters } from './registry.ts'
import { watchMemoryCodes, watchSharedCodes } from './watch-codes.ts'

/** Lets parts of the vault be seen at work: each answers the same part, which counts what it does. */
export interface Watch {
  readonly codes: (backend: MemoryBackend) => MemoryBackend
  readonly sharedCodes: (backend: CodeBackend) => CodeBackend
  readonly store: <Watched extends Store>(store: Watched) => Watched
  readonly egress: (egress: Egress) => Egress
  readonly lockouts: (lockouts: Lockouts) => Lockouts
  readonly answered?: (answer: Answered) => void
  /** Cards that were due. */
  readonly rotated?: (batch: RotatedBatch) => void
}

/** For a vault that nobody asks: everything stays as it is, and costs nothing. */
export const watchNothing: Watch = {
  codes: (backend) => backend,
  sharedCodes: (backend) => backend,
  store: (store) => store,
  egress: (egress) => egress,
  lockouts: (lockouts) => lockouts,
}

export const createWatch = (meters: Meters, clock: Clock): Watch => {
  const secondsSince = (begun: number): number => (clock.monotonic() - begun) / 1000
  return {
    codes: (backend) => watchMemoryCodes(meters, backend),
    sharedCodes: (backend) => watchSharedCodes(meters, backend),

    store: (store) => ({
      ...store,
      commit: async (changes) => {
        const begun = clock.monotonic()
        let outcome = 'failed'
        try {
          const result = await store.commit(changes)
          outcome = result.ok ? 'written' : 'conflict'
          if (result.ok && changes.some(isForcedRotation))
            meters.count('cardkeep_cvv_rotations_total', { cause: 'forced', outcome: 'rotated' })
          return result
        } finally {
          meters.observe('cardkeep_commit_seconds', { outcome }, secondsSince(begun))
        }
      },
    }),

    egress: (egress) => ({
      ...egress,
      send: async (forward, parcel) => {
        const begun = clock.monotonic()
        let outcome = 'failed'
        try {
          const sent = await egress.send(forward, parcel)
          outcome = describeOutcome(sent)
          return sent
        } finally {
          const { id: destination, origin } = forward.destination
          meters.observe('cardkeep_egress_seconds', { destination, origin, outcome }, secondsSince(begun))
        }
      },
    }),

    lockouts: (lockouts) => ({
      ...lockouts,
      fail: async (pair) => {
        const locks = await lockouts.fail(pair)
        if (locks) meters.count('cardkeep_lockouts_total', {})
        return locks
      },
    }),

    answered: ({ dialect, route, method, status, refusal, seconds }) => {
      meters.observe('cardkeep_request_seconds', { dialect, route, method, status: String(status) }, seconds)
      if (refusal !== undefined) meters.count('cardkeep_refusals_total', { dialect, type: refusal })
    },

    rotated: (batch) => {
      for (const outcome of ['rotated', 'overtaken', 'ended', 'failed'] as const)
        if (batch[outcome] > 0)
          meters.count('cardkeep_cvv_rotations_total', { cause: 'automatic', outcome }, batch[outcome])
    },
  }
}

const isForcedRotation = (change: Change): boolean =>
  change.type === 'emit-event' &&
  change.event.type === 'rotate_cvv' &&
  change.event.data['operation'] === 'ROTATE_CVV' &&
  change.event.data['rotationType'] === 'MANUAL'

const describeOutcome = (sent: SendOutcome): string => {
  if (sent.type === 'answered') return `${Math.floor(sent.answer.status / 100)}xx`
  return sent.refusal.type === 'ForwardFailed' ? sent.refusal.reason : sent.refusal.type
}
