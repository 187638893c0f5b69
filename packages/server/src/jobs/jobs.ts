import { describeBug, type Log } from '../log/log.ts'

/** Work that is due again and again. A run that takes longer than its interval delays the next; it is never doubled. */
export interface Job {
  readonly name: string
  readonly everyMs: number
  readonly run: () => Promise<void>
}

export interface RunningJobs {
  /** Starts no more and waits for what runs. */
  stop(): Promise<void>
}

export const startJobs = (jobs: readonly Job[], log: Log): RunningJobs => {
  const running = jobs.map((job) => repeat(job, log))
  return {
    stop: async () => {
      await Promise.all(running.map((stop) => stop()))
    },
  }
}

const repeat = ({ name, everyMs, run }: Job, log: Log): (() => Promise<void>) => {
  let current: Promise<void> | undefined
  const start = (): void => {
    current ??= run()
      .catch((error: unknown) => log.error('job.failed', { job: name, ...describeBug(error) }))
      .finally(() => {
        current = undefined
      })
  }
  const timer = setInterval(start, everyMs).unref()
  return async () => {
    clearInterval(timer)
    await current
  }
}
