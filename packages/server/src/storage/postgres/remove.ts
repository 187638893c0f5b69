import { setTimeout as wait } from 'node:timers/promises'
import type { Change } from '@cardkeep/core/changes'
import { UnavailableError } from '@cardkeep/core/errors'
import { planRemovals, type Step } from '../sql/plan.ts'
import type { StatementName } from '../sql/statements.ts'
import type { SqlValue } from '../sql/values.ts'

/** The disk has to take what was removed; others want it too. */
const pauseMs = 5

/** Answers how many rows it changed. */
export type RunStatement = (statement: StatementName, values: readonly SqlValue[]) => Promise<number>

/** Removes what committed changes have left to be removed, each portion in a transaction of its own. */
export const removeLeftovers = async (run: RunStatement, changes: readonly Change[]): Promise<void> => {
  for (const removal of changes.flatMap(planRemovals)) await removeInPortions(run, removal)
}

const removeInPortions = async (run: RunStatement, { statement, values }: Step): Promise<void> => {
  try {
    while ((await run(statement, values)) > 0) await wait(pauseMs)
  } catch (error) {
    // The changes themselves are durable, and that is what was asked.
    if (!(error instanceof UnavailableError)) throw error
  }
}
