import type { Actor } from '../../audit/entry.ts'
import type { Change } from '../../changes.ts'
import { UnavailableError } from '../../errors.ts'
import { isLive } from '../../issuing/issued-card.ts'
import { isReady, type ReadyIssuer } from '../../issuing/issuer.ts'
import { stopSchedule } from '../../issuing/rotation.ts'
import type { TenantId } from '../../kernel/ids.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { RotatingCard } from '../../ports.ts'
import type { IssuingPorts } from './issuing-ports.ts'
import { planRotations } from './plan-rotation.ts'
import { tellRotation } from './tell-rotation.ts'

export type RotateDuePorts = Pick<IssuingPorts, 'store' | 'issuedCards' | 'cvvs' | 'draws' | 'clock' | 'ids'>

/** Of rotations that nobody asked for. */
const ofItself: Actor = { type: 'vault', id: undefined }

export interface RotatedBatch {
  readonly rotated: number
  /** Another was first, or forced it meanwhile; or a clock that was set back has made it not due any more. */
  readonly overtaken: number
  /** The card has ended: its schedule was stopped. */
  readonly ended: number
  /** Could not be opened, say; each is left as it is, and due again when its claim has run out. */
  readonly failed: number
  /** Why the first of them failed. */
  readonly failure: unknown
}

/**
 * Rotates the CVVs of cards that were claimed because they are due: each once for its due time, with its event in the same
 * commit. What cannot be done for one card, or for one issuer, holds up no other.
 */
export const rotateDueCvvs = async (
  ports: RotateDuePorts,
  claimed: readonly RotatingCard[],
  actor = ofItself,
): Promise<RotatedBatch> => {
  const at = ports.clock.now()
  const correlationId = ports.ids.uuid()
  const batches = await Promise.all(
    [...groupByIssuer(claimed)].map(([tenantId, cards]) =>
      rotateOfIssuer(ports, tenantId, cards, { at, correlationId, actor }),
    ),
  )
  return batches.reduce(addBatches, nothingRotated)
}

const groupByIssuer = (cards: readonly RotatingCard[]): ReadonlyMap<TenantId, readonly RotatingCard[]> => {
  const groups = new Map<TenantId, RotatingCard[]>()
  for (const rotating of cards) {
    const group = groups.get(rotating.card.tenantId)
    if (group) group.push(rotating)
    else groups.set(rotating.card.tenantId, [rotating])
  }
  return groups
}

interface Round {
  readonly at: EpochMs
  readonly correlationId: string
  readonly actor: Actor
}

const rotateOfIssuer = async (
  ports: RotateDuePorts,
  tenantId: TenantId,
  cards: readonly RotatingCard[],
  round: Round,
): Promise<RotatedBatch> => {
  const due = cards.filter(({ rotation }) => rotation.dueAt !== undefined && rotation.dueAt <= round.at)
  const overtaken = { ...nothingRotated, overtaken: cards.length - due.length }
  try {
    const issuer = await ports.store.issuer(tenantId)
    if (!issuer || !isReady(issuer)) throw new Error('cards are due whose issuer has no keys')
    const { steps, failures } = await planSteps(ports, issuer, due, round)
    const failed = { ...nothingRotated, failed: failures.length, failure: failures[0] }
    return [overtaken, failed, await commitSteps(ports, tenantId, steps, round)].reduce(addBatches)
  } catch (error) {
    // Nobody could do it now.
    if (error instanceof UnavailableError) throw error
    return addBatches(overtaken, { ...nothingRotated, failed: due.length, failure: error })
  }
}

/** What is to be written for one card. */
interface Step {
  readonly outcome: 'rotated' | 'ended'
  readonly changes: readonly Change[]
}

const planSteps = async (
  ports: RotateDuePorts,
  issuer: ReadyIssuer,
  due: readonly RotatingCard[],
  round: Round,
): Promise<{ readonly steps: readonly Step[]; readonly failures: readonly unknown[] }> => {
  const live = due.filter(({ card }) => isLive(card, round.at))
  const ended = due.filter(({ card }) => !isLive(card, round.at))
  const planned = await planRotations(ports, issuer, live, { cause: 'automatic', at: round.at })
  const rotations = planned.flatMap((plan) => (plan.ok ? [rotationOf(ports, issuer, plan.value, round)] : []))
  return {
    steps: [...ended.map(endOf), ...rotations],
    failures: planned.flatMap((plan) => (plan.ok ? [] : [plan.error])),
  }
}

const rotationOf = (
  { ids }: Pick<RotateDuePorts, 'ids'>,
  issuer: ReadyIssuer,
  card: RotatingCard,
  { at, correlationId }: Round,
): Step => ({
  outcome: 'rotated',
  changes: [
    { type: 'replace-rotation', rotation: card.rotation },
    tellRotation(
      ids,
      issuer,
      card,
      { operation: 'ROTATE_CVV', rotationType: 'AUTOMATIC', correlationId },
      at,
    ),
  ],
})

const endOf = ({ rotation }: RotatingCard): Step => ({
  outcome: 'ended',
  changes: [
    {
      type: 'replace-rotation',
      rotation: {
        ...rotation,
        schedule: stopSchedule(rotation.schedule),
        dueAt: undefined,
        version: rotation.version + 1,
      },
    },
  ],
})

/**
 * All in one list, with one entry that says of how many. Where one of them was overtaken nothing of the list was written, and
 * its halves are tried apart until that one stands alone.
 */
const commitSteps = async (
  ports: RotateDuePorts,
  tenantId: TenantId,
  steps: readonly Step[],
  round: Round,
): Promise<RotatedBatch> => {
  if (steps.length === 0) return nothingRotated
  const rotated = steps.filter(({ outcome }) => outcome === 'rotated').length
  const ended = steps.length - rotated
  const { ok } = await ports.store.commit([
    ...steps.flatMap(({ changes }) => changes),
    entryOf(tenantId, round, { cards: rotated, ended }),
  ])
  if (ok) return { ...nothingRotated, rotated, ended }
  if (steps.length === 1) return { ...nothingRotated, overtaken: 1 }
  const middle = Math.ceil(steps.length / 2)
  const halves = [steps.slice(0, middle), steps.slice(middle)]
  const [first, second] = await Promise.all(halves.map((half) => commitSteps(ports, tenantId, half, round)))
  return addBatches(first ?? nothingRotated, second ?? nothingRotated)
}

const entryOf = (
  tenantId: TenantId,
  { at, correlationId, actor }: Round,
  details: Readonly<Record<string, number>>,
): Change => ({
  type: 'audit',
  entry: {
    at,
    action: 'cvv.rotated-due',
    outcome: 'success',
    tenantId,
    actor,
    origin: undefined,
    requestId: undefined,
    subject: { type: 'issuer', id: tenantId },
    details: { ...details, round: correlationId },
  },
})

export const nothingRotated: RotatedBatch = {
  rotated: 0,
  overtaken: 0,
  ended: 0,
  failed: 0,
  failure: undefined,
}

export const addBatches = (a: RotatedBatch, b: RotatedBatch): RotatedBatch => ({
  rotated: a.rotated + b.rotated,
  overtaken: a.overtaken + b.overtaken,
  ended: a.ended + b.ended,
  failed: a.failed + b.failed,
  failure: a.failed > 0 ? a.failure : b.failure,
})
