import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Actor } from '@cardkeep/core/audit/entry'
import type { TenantId } from '@cardkeep/core/kernel/ids'
import { type EpochMs, epochMs, secondMs } from '@cardkeep/core/kernel/time'
import {
  type RotateDuePorts,
  type RotatedBatch,
  rotateDueCvvs,
} from '@cardkeep/core/operations/issuing/rotate-due-cvvs'
import type { RotatingCard } from '@cardkeep/core/ports'
import type { Pace } from './pace.ts'

export interface RotateClaimed {
  /** What is due by then. */
  readonly at: EpochMs
  /** Of this issuer alone. */
  readonly tenantId?: TenantId
  /** Who asked for it; unless somebody says so, the vault rotates by itself. */
  readonly actor?: Actor
  readonly pace: Pace
  /** For how long the thread has worked so far, in milliseconds. */
  readonly busyMs: () => number
  /** After each part of what was claimed: hears what came of it, and lets others go first. `false`: no more. */
  readonly done: (batch: RotatedBatch, busyMs: number) => Promise<boolean>
}

/** Nobody else takes what a process claimed for so long after it died. A claim is worked off within a second. */
export const claimMs = 30 * secondMs

/** A claim costs a commit, and is read in one turn of the event loop. */
const partsOfAClaim = 2

/** Claims what is due and rotates it, part by part. Answers whether there may be more. */
export const rotateClaimed = async (ports: RotateDuePorts, wish: RotateClaimed): Promise<boolean> => {
  const { at, tenantId, actor, pace, busyMs, done } = wish
  const limit = partsOfAClaim * pace.size()
  const until = epochMs(ports.clock.now() + claimMs)
  const claimed = await ports.store.claimRotations({
    ...{ at, until, limit },
    ...(tenantId === undefined ? {} : { tenantId }),
  })
  let from = 0
  try {
    while (from < claimed.length) {
      await nextTurn()
      const part = claimed.slice(from, from + pace.size())
      const begun = busyMs()
      const batch = await rotateDueCvvs(ports, part, actor)
      from += part.length
      const tookMs = busyMs() - begun
      pace.took(part.length, tookMs)
      if (!(await done(batch, tookMs))) return false
    }
    return claimed.length === limit
  } finally {
    await giveBack(ports, claimed.slice(from), until)
  }
}

/** Where that fails too, others wait until the claim ends. */
const giveBack = async (
  { store }: Pick<RotateDuePorts, 'store'>,
  claimed: readonly RotatingCard[],
  until: EpochMs,
): Promise<void> => {
  if (claimed.length === 0) return
  const ids = claimed.map(({ card }) => card.id)
  await store.releaseRotations(ids, until).catch(() => undefined)
}
