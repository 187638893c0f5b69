import { UnavailableError } from '@cardkeep/core/errors'
import { describeBug, type Log } from './log.ts'

/** Writes down how work that is done again and again fails. */
export interface JobFailures {
  failed(error: unknown): void
  worked(): void
}

/** A bug is said each time. What cannot be reached is tried again soon: that it is away is said once until it has worked. */
export const createJobFailures = (job: string, log: Log): JobFailures => {
  let isWaiting = false
  return {
    failed: (error) => {
      if (!(error instanceof UnavailableError)) return log.error('job.failed', { job, ...describeBug(error) })
      if (!isWaiting) log.warn('job.waits', { job })
      isWaiting = true
    },
    worked: () => {
      isWaiting = false
    },
  }
}
