import { type Patience, patiently } from '../sqlite/patience.ts'
import { inTransaction, undo } from '../sqlite/transaction.ts'
import { MoveFailure } from './failure.ts'
import { refuseWrites, settleChanges } from './source.ts'
import { isCopied, type Step, type StepParts, takeStep } from './step.ts'
import { movedTables } from './tables.ts'
import { countRows, inTargetTransaction, type Progress, type TargetConnection } from './target.ts'

export interface CopyParts extends StepParts {
  /** How long to wait for the vault that writes to the source meanwhile. */
  readonly patience: Patience
  /** So many rows more were copied. */
  readonly copied: (rows: number) => void
}

/** A round that is done so soon leaves little for the cut, which takes about as long. */
const quickRoundMs = 250
const roundsAtMost = 200

/** Copies everything while the vault goes on, then what changed meanwhile, until little is left. */
export const copyOnline = async (parts: CopyParts, begun: Progress): Promise<Progress> => {
  let progress = begun
  while (!isCopied(progress)) {
    const step = await takeSettledStep(parts, progress)
    parts.copied(step.progress.copied - progress.copied)
    progress = step.progress
  }
  await parts.target.query('analyze')
  progress = (await takeSettledStep(parts, progress, () => needsSameCounts(parts))).progress
  for (let round = 1; round <= roundsAtMost; round++) {
    const begunAt = performance.now()
    progress = (await takeSettledStep(parts, progress)).progress
    if (performance.now() - begunAt < quickRoundMs) return progress
  }
  throw new MoveFailure(
    'more is written to the vault than can be copied meanwhile: run the command again when there is less to do',
  )
}

const takeSettledStep = async (
  parts: CopyParts,
  progress: Progress,
  check: () => Promise<void> = async () => {},
): Promise<Step> => {
  const { source, patience } = parts
  source.exec('begin')
  let step: Step
  try {
    step = await inTargetTransaction(parts.target, async () => {
      const taken = await takeStep(parts, progress)
      await check()
      return taken
    })
  } finally {
    undo(source)
  }
  const { upTo } = step
  if (upTo > 0)
    await patiently(patience, () => inTransaction(source, 'immediate', () => settleChanges(source, upTo)))
  return step
}

/** A copy that lacks something is better found while the vault still serves. */
const needsSameCounts = async ({ reader, target }: CopyParts): Promise<void> => {
  for (const table of movedTables) {
    const [here, there] = [reader.count(table), await countRows(target, table)]
    if (here !== there)
      throw new MoveFailure(
        `the copy is not complete: ${table.name} has ${here} rows here and ${there} there; the vault still serves here`,
      )
  }
}

/** Writers of the vault wait for five seconds before they give up. */
const longestCutMs = 2_500

/**
 * The one moment in which nobody else writes: the rest is copied, and when the lock is given back the source refuses every
 * write. Answers for how long it was held, in milliseconds. Where it fails, nothing has happened and the vault serves on.
 */
export const cut = async (parts: CopyParts, progress: Progress): Promise<number> => {
  const { source, target, patience } = parts
  await patiently(patience, () => source.exec('begin immediate'))
  const lockedAt = performance.now()
  const passed = (): number => performance.now() - lockedAt
  const hurried: TargetConnection = {
    ...target,
    query: (sql, values) => target.query(sql, values, Math.max(1, longestCutMs - passed())),
  }
  try {
    await inTargetTransaction(hurried, async () => {
      const { upTo } = await takeStep({ ...parts, target: hurried }, progress)
      settleChanges(source, upTo)
      refuseWrites(source)
    })
    // Should this fail, the target is a little ahead in its progress, and the next round finds nothing to do.
    source.exec('commit')
    return passed()
  } finally {
    undo(source)
  }
}
