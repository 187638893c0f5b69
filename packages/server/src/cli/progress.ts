import { Presets, SingleBar } from 'cli-progress'
import { nextStopSignal } from './stop-signals.ts'

export interface ShownProgress {
  add(amount: number): void
  /** May be called more than once. */
  end(): void
}

interface ProgressOptions {
  readonly json?: boolean
  /** Whoever shows it hears of a signal to stop, and ends it. */
  readonly hearsStop?: boolean
}

/** A bar for whoever watches: only on a terminal, and not where a program reads along. A signal to stop takes it away first. */
export const showProgress = (total: number, { json, hearsStop }: ProgressOptions): ShownProgress => {
  if (json || !process.stderr.isTTY) return { add: () => {}, end: () => {} }
  const bar = new SingleBar(
    // Without `linewrap` it would switch the terminal's own wrapping off, which a process that is killed never puts right.
    { format: '{bar} {percentage}%', clearOnComplete: true, linewrap: true },
    Presets.shades_grey,
  )
  const ended = new AbortController()
  bar.start(total, 0)
  const end = (): void => {
    ended.abort()
    bar.stop()
  }
  if (!hearsStop)
    void nextStopSignal(ended.signal).then((signal) => {
      end()
      process.kill(process.pid, signal)
    })
  return { add: (amount) => bar.increment(amount), end }
}

/** Runs what tells how far it is by parts, with a bar until its end. */
export const showShares = async <T>(
  options: ProgressOptions,
  run: (watch: { total(parts: number): void; add(parts: number): void }) => Promise<T>,
): Promise<T> => {
  let bar: ShownProgress | undefined
  try {
    return await run({
      total: (parts) => {
        bar = showProgress(parts, options)
      },
      add: (parts) => bar?.add(parts),
    })
  } finally {
    bar?.end()
  }
}
