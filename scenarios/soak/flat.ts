import { percentile } from '../../bench/statistics.ts'

/** By how much the last third of a run may lie above its first: a share of it, and an amount besides. */
export interface Limit {
  readonly share: number
  readonly amount: number
  /** Which of the sorted samples of a third speaks for it, as a share of them; the median, unless something else is said. */
  readonly quantile?: number
}

export interface Verdict {
  readonly isFlat: boolean
  /** What speaks for each third of what came after the warm-up. */
  readonly thirds: readonly [number, number, number]
  /** The most that the last of them may be. */
  readonly atMost: number
}

/** A process that has just started fills its caches and compiles what it runs. */
const warmUpShare = 0.25

/** So few say nothing of thirds. */
export const samplesAtLeast = 12

/**
 * Whether what was measured again and again stays what it is. No single sample counts, because garbage is collected now and
 * then; thirds, because what leaks grows from each to the next. Throws where there is too little to judge.
 */
export const judgeFlat = (values: readonly number[], { share, amount, quantile = 0.5 }: Limit): Verdict => {
  if (values.length < samplesAtLeast) throw new Error(`${values.length} samples are too few to judge`)
  const warm = values.slice(Math.floor(values.length * warmUpShare))
  const third = warm.length / 3
  const speak = (at: number): number =>
    percentile(warm.slice(Math.round(at * third), Math.round((at + 1) * third)), quantile)
  const thirds = [speak(0), speak(1), speak(2)] as const
  const atMost = thirds[0] * (1 + share) + amount
  return { isFlat: thirds[2] <= atMost, thirds, atMost }
}
