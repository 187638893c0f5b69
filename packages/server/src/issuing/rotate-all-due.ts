import { setTimeout as wait } from 'node:timers/promises'
import type { Actor } from '@cardkeep/core/audit/entry'
import type { TenantId } from '@cardkeep/core/kernel/ids'
import { type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import {
  addBatches,
  nothingRotated,
  type RotateDuePorts,
  type RotatedBatch,
} from '@cardkeep/core/operations/issuing/rotate-due-cvvs'
import { createPace } from './pace.ts'
import { claimMs, rotateClaimed } from './rotate-claimed.ts'
import { threadBusyMs } from './thread-busy.ts'

export interface AllDue {
  readonly at: EpochMs
  readonly tenantId: TenantId | undefined
  readonly actor: Actor
  readonly isSealed: () => Promise<boolean>
  /** Ends it after the part under way. */
  readonly stopped: AbortSignal
  /** Hears of how many cards are done with. */
  readonly heard: (cards: number) => void
  /** So many milliseconds, or less where it is stopped. */
  readonly rest?: (ms: number) => Promise<unknown>
}

export interface AllRotated extends RotatedBatch {
  /** Those that failed, and those that others have. */
  readonly stillDue: number
}

/** In which a vault that runs on the same file can write. */
const pauseMs = 2
const lookEveryMs = 500

/**
 * Everything that is due at one time. What others have claimed is waited for, and taken where they died: until all claims have
 * ended that stood at that time. What could not be rotated here is claimed for longer, so it ends.
 */
export const rotateAllDue = async (ports: RotateDuePorts, wish: AllDue): Promise<AllRotated> => {
  const { store, clock } = ports
  const { at, tenantId, actor, isSealed, stopped, heard } = wish
  const { rest = (ms: number) => wait(ms, undefined, { signal: stopped }).catch(() => undefined) } = wish
  const lastAt = epochMs(at + claimMs)
  const pace = createPace()
  let all = nothingRotated
  const isOver = async (): Promise<boolean> => stopped.aborted || (await isSealed())
  const done = async (batch: RotatedBatch): Promise<boolean> => {
    all = addBatches(all, batch)
    heard(batch.rotated + batch.overtaken + batch.ended + batch.failed)
    await wait(pauseMs)
    return !(await isOver())
  }
  const claim = {
    ...{ actor, pace, done },
    busyMs: threadBusyMs,
    ...(tenantId === undefined ? {} : { tenantId }),
  }
  for (let by = at; ; by = epochMs(Math.min(clock.now(), lastAt))) {
    while (!stopped.aborted && (await rotateClaimed(ports, { ...claim, at: by }))) continue
    const stillDue = await store.countDueRotations(at, tenantId)
    if (stillDue <= all.failed || by >= lastAt || (await isOver())) return { ...all, stillDue }
    await rest(lookEveryMs)
  }
}
