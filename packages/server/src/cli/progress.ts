import { Presets, SingleBar } from 'cli-progress'

export interface ShownProgress {
  add(amount: number): void
  /** May be called more than once. */
  end(): void
}

/** A bar for whoever watches: only on a terminal, and not where a program reads along. */
export const showProgress = (total: number, { json }: { readonly json?: boolean }): ShownProgress => {
  if (json || !process.stderr.isTTY) return { add: () => {}, end: () => {} }
  const bar = new SingleBar({ format: '{bar} {percentage}%', clearOnComplete: true }, Presets.shades_grey)
  bar.start(total, 0)
  return { add: (amount) => bar.increment(amount), end: () => bar.stop() }
}
