import { randomUUID } from 'node:crypto'
import { epochMs, monotonicMs } from '@cardkeep/core/kernel/time'
import type { Clock, Ids } from '@cardkeep/core/ports'

export const systemClock: Clock = {
  now: () => epochMs(Date.now()),
  monotonic: () => monotonicMs(performance.now()),
}

export const randomIds: Ids = { uuid: () => randomUUID() }
