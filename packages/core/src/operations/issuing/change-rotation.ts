import type { Refusal } from '../../errors.ts'
import { dueAtOf, type RotationSchedule, startSchedule, stopSchedule } from '../../issuing/rotation.ts'
import type { IssuedCardId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { RotatingCard } from '../../ports.ts'
import type { Caller } from '../caller.ts'
import type { FoundIssuedCard } from './find-issued-card.ts'
import type { IssuingPorts } from './issuing-ports.ts'
import { writeRotation } from './write-rotation.ts'

type Ports = Pick<IssuingPorts, 'store' | 'clock' | 'ids'>

export interface ChangeRotation {
  readonly cardId: IssuedCardId
  /** Whole hours, within `rotationHours`. */
  readonly hours: number
}

/** Turns rotation on, or changes how often it comes: the next is a whole interval from now. The CVV stays. */
export const changeRotation = (
  ports: Ports,
  caller: Caller,
  { cardId, hours }: ChangeRotation,
): Promise<Result<RotatingCard, Refusal>> =>
  writeRotation(ports, caller, cardId, async (found, at) =>
    ok({
      next: withSchedule(found, startSchedule(found.rotation.schedule, hours, at)),
      operation: 'CHANGE_CVV_ROTATION',
      action: 'cvv.schedule-changed',
      details: { hours },
    }),
  )

/**
 * Turns rotation off. The CVV stays, and can still be forced to rotate. wire: pismo §delete rotation, inferred: where there
 * is none it is not found
 */
export const stopRotation = (
  ports: Ports,
  caller: Caller,
  cardId: IssuedCardId,
): Promise<Result<RotatingCard, Refusal>> =>
  writeRotation(ports, caller, cardId, async (found) =>
    found.rotation.schedule.intervalMs === undefined
      ? refuse({ type: 'RotationNotFound' })
      : ok({
          next: withSchedule(found, stopSchedule(found.rotation.schedule)),
          operation: 'DELETE_CVV_ROTATION',
          action: 'cvv.schedule-changed',
          details: { stopped: true },
        }),
  )

const withSchedule = (
  { card, rotation, issuer }: FoundIssuedCard,
  schedule: RotationSchedule,
): RotatingCard => ({
  card,
  rotation: {
    ...rotation,
    schedule,
    dueAt: dueAtOf(schedule, card.id, issuer.settings.jitterMs),
    version: rotation.version + 1,
  },
})
