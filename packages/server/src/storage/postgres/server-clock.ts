import { epochMs, type MonotonicMs } from '@cardkeep/core/kernel/time'
import type { Clock } from '@cardkeep/core/ports'

/** May be told what time it was on a server, at some moment between a question and its answer. */
export interface HearingClock extends Clock {
  readonly hearTime?: (serverMs: number, askedAt: MonotonicMs) => void
}

/** The server's answer is in whole milliseconds, of which the last had begun. */
const coarsenessMs = 1

/**
 * Goes by a server's clock, so that nodes that share it agree on what is over, whatever their own clocks say: those say
 * what time it is only until the server is heard for the first time. An answer moves it as far as it proves it wrong and no
 * further, or each would shake it by what the way takes.
 */
export const createServerClock = (own: Clock): Required<HearingClock> => {
  let aheadMs = own.now() - own.monotonic()
  return {
    monotonic: own.monotonic,
    now: () => epochMs(Math.floor(own.monotonic() + aheadMs)),
    hearTime: (serverMs, askedAt) => {
      const earliest = serverMs - own.monotonic()
      const latest = serverMs + coarsenessMs - askedAt
      aheadMs = Math.min(Math.max(aheadMs, earliest), latest)
    },
  }
}
