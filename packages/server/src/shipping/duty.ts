import { type EpochMs, epochMs, secondMs } from '@cardkeep/core/kernel/time'
import type { Clock } from '@cardkeep/core/ports'

/*
 * Several nodes have the same log and the same sinks. Whoever finds something to ship takes the duty of the sink for as long
 * as it ships; what others find meanwhile is found again. It is a duty for a sink and not for a chain, because nodes may
 * see the same file, and two that append to one would cut off each other's lines.
 */

export interface ShipDuties {
  claimDuty(duty: { readonly name: string; readonly at: EpochMs; readonly until: EpochMs }): Promise<boolean>
  releaseDuty(name: string): Promise<void>
}

export interface DutyPorts {
  readonly store: ShipDuties
  readonly clock: Clock
}

/** So long a sink waits for others where a node died that shipped to it. Less than a stop waits for sinks. */
const dutyMs = 6 * secondMs
/** A slow sink takes longer than a duty, and a node that still waits for it keeps it. */
const renewEveryMs = 2 * secondMs

/** Whether this node may ship to the sink now; asked before each piece, because whoever was held up has lost it. */
export const claimShipping = ({ store, clock }: DutyPorts, sink: string): Promise<boolean> => {
  const at = clock.now()
  return store.claimDuty({ name: dutyOf(sink), at, until: epochMs(at + dutyMs) })
}

export const releaseShipping = async ({ store }: DutyPorts, sink: string): Promise<void> => {
  try {
    await store.releaseDuty(dutyOf(sink))
  } catch {
    // It runs out by itself.
  }
}

/** Keeps the duty for as long as the work takes. */
export const whileRenewing = async (
  ports: DutyPorts,
  sink: string,
  work: () => Promise<void>,
): Promise<void> => {
  // A renewal that fails may come in time at the next turn.
  const renew = (): void => void claimShipping(ports, sink).catch(() => false)
  const timer = setInterval(renew, renewEveryMs)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
}

const dutyOf = (sink: string): string => `ship ${sink}`
