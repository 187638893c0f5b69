import { setTimeout as wait } from 'node:timers/promises'
import type { Change, Conflict } from '@cardkeep/core/changes'
import { UnavailableError } from '@cardkeep/core/errors'
import { planRemovals, type Round } from '../sql/plan.ts'
import type { GroupCommit } from './group-commit.ts'
import type { Prepared } from './prepare.ts'

/** Another process that waits for the lock looks only now and then: without a pause it would hardly ever find it free. */
const pauseMs = 5

/** Removes what committed changes have left to be removed. Others write between the portions. */
export const removeLeftovers = async (
  prepared: Prepared,
  groups: GroupCommit<Conflict>,
  changes: readonly Change[],
): Promise<void> => {
  for (const round of changes.flatMap(planRemovals)) await removeInPortions(prepared, groups, round)
}

const removeInPortions = async (
  prepared: Prepared,
  groups: GroupCommit<Conflict>,
  round: Round,
): Promise<void> => {
  try {
    for (;;) {
      let removed = 0
      for (const { statement, values } of round) {
        let changed = 0
        const run = (): undefined => {
          changed = prepared[statement].run(...values)
        }
        await groups.submit({ run })
        removed += changed
      }
      if (removed === 0) return
      await wait(pauseMs)
    }
  } catch (error) {
    // The changes themselves are durable, and that is what was asked.
    if (!(error instanceof UnavailableError)) throw error
  }
}
