import { setTimeout as wait } from 'node:timers/promises'
import { UnavailableError, UnfitError } from '@cardkeep/core/errors'
import { secondMs } from '@cardkeep/core/kernel/time'
import type { Clock } from '@cardkeep/core/ports'
import type { Log } from '../log/log.ts'

interface AwaitParts {
  readonly backend: 'database' | 'codes'
  readonly log: Log
  readonly clock: Pick<Clock, 'monotonic'>
  readonly pauseMs?: number
}

/** Machines that start together are there at different times. */
const patienceMs = 30 * secondMs

/**
 * Opens something on another machine, and waits for it where it is not there yet. Throws what the last attempt threw. A
 * server that must not be used is not waited for: nothing changes until an operator has set it right.
 */
export const awaitBackend = async <T>(
  open: () => Promise<T>,
  { backend, log, clock, pauseMs = secondMs }: AwaitParts,
): Promise<T> => {
  const begun = clock.monotonic()
  let isSaid = false
  for (;;)
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof UnavailableError) || error instanceof UnfitError) throw error
      if (clock.monotonic() - begun >= patienceMs) throw error
      if (!isSaid) log.warn('backend.awaited', { backend, reason: error.message })
      isSaid = true
      await wait(pauseMs)
    }
}
