import { type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import type { Clock } from '@cardkeep/core/ports'
import { createJobFailures } from '../log/job-failures.ts'
import type { Log } from '../log/log.ts'

/** Work that is due again and again. A run that takes longer than its interval delays the next; it is never doubled. */
export interface Job {
  readonly name: string
  readonly everyMs: number
  readonly run: () => Promise<void>
  /** One node does it for all. It may still be done twice, where a node takes longer than its claim lasts. */
  readonly shared?: true
}

/** Says who does a shared job. */
export interface Duties {
  claimDuty(duty: { readonly name: string; readonly at: EpochMs; readonly until: EpochMs }): Promise<boolean>
  releaseDuty(name: string): Promise<void>
}

export interface RunningJobs {
  /** Starts no more, waits for what runs, and leaves shared work to others at once. */
  stop(): Promise<void>
}

interface JobParts {
  readonly duties: Duties
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
}

export const startJobs = (jobs: readonly Job[], parts: JobParts): RunningJobs => {
  const running = jobs.map((job) => repeat(job, parts))
  return {
    stop: async () => {
      await Promise.all(running.map((stop) => stop()))
    },
  }
}

/** Whoever has a duty asks for it again before it ends, and so keeps it until it stops or dies. */
const roundsOfAClaim = 2
const shortestClaimMs = 10_000

const repeat = ({ name, everyMs, run, shared }: Job, { duties, clock, log }: JobParts) => {
  let isMine = false
  const failures = createJobFailures(name, log)
  let current: Promise<void> | undefined

  const runRound = async (): Promise<void> => {
    if (shared) {
      const at = clock.now()
      const until = epochMs(at + Math.max(roundsOfAClaim * everyMs, shortestClaimMs))
      isMine = await duties.claimDuty({ name, at, until })
      if (!isMine) return
    }
    await run()
    failures.worked()
  }

  const start = (): void => {
    current ??= runRound()
      .catch(failures.failed)
      .finally(() => {
        current = undefined
      })
  }
  const timer = setInterval(start, everyMs).unref()
  return async (): Promise<void> => {
    clearInterval(timer)
    await current
    // Where it cannot be given up now, it ends by itself.
    if (isMine) await duties.releaseDuty(name).catch(() => {})
  }
}
