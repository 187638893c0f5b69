import { setTimeout as wait } from 'node:timers/promises'
import type { Change } from '@cardkeep/core/changes'
import { UnavailableError } from '@cardkeep/core/errors'
import { planRemovals, type Round } from '../sql/plan.ts'
import type { StatementName } from '../sql/statements.ts'
import type { SqlValue } from '../sql/values.ts'
import { ConstraintViolation } from './failures.ts'

/** The disk has to take what was removed; others want it too. */
const pauseMs = 5

/** Answers how many rows it changed. */
export type RunStatement = (statement: StatementName, values: readonly SqlValue[]) => Promise<number>

/** Removes what committed changes have left to be removed, each portion in a transaction of its own. */
export const removeLeftovers = async (run: RunStatement, changes: readonly Change[]): Promise<void> => {
  for (const round of changes.flatMap(planRemovals)) await removeInPortions(run, round)
}

const removeInPortions = async (run: RunStatement, round: Round): Promise<void> => {
  try {
    for (;;) {
      let removed = 0
      for (const { statement, values } of round) removed += await run(statement, values)
      if (removed === 0) return
      await wait(pauseMs)
    }
  } catch (error) {
    // The changes themselves are durable, and that is what was asked. A row that somebody needs since stays as well.
    if (!(error instanceof UnavailableError || error instanceof ConstraintViolation)) throw error
  }
}
