import { UnavailableError } from '@cardkeep/core/errors'
import type { GroupParts, PendingList, Settle } from './begin-group.ts'
import { StatementTimeout, TransactionCollision } from './failures.ts'
import { byOrder } from './plan-list.ts'
import { createApartWriter } from './write-apart.ts'
import { createTogetherWriter } from './write-together.ts'

/*
 * Lists of many callers become one transaction. Almost always everything is as they expect, and it is tried so first:
 * rows of the same kind in one statement each, all sent at once (write-together.ts). Where something was not as expected
 * all is undone, and the lists are written apart (write-apart.ts).
 */

/** Another transaction stood in the way so often; the database is in trouble rather than busy. */
const collisionLimit = 4

/** Settles every list. Throws where the database failed those that are not settled yet; they may be written again. */
export const createGroupWriter = (parts: GroupParts) => {
  const writeTogether = createTogetherWriter(parts)
  const writeApart = createApartWriter(parts)

  return async (lists: readonly PendingList[]): Promise<void> => {
    parts.chain.beginGroup()
    let waiting = lists.toSorted((a, b) => byOrder(a.plan, b.plan))
    let isApart = lists.length === 1
    const settle: Settle = (list, verdict) => {
      waiting = waiting.filter((one) => one !== list)
      list.settle(verdict)
    }
    let collisions = 0
    while (waiting.length > 0)
      try {
        if (isApart) await writeApart(waiting, settle)
        else isApart = !(await writeTogether(waiting, settle))
      } catch (error) {
        parts.chain.forget()
        parts.transactions.rollBack()
        // A value that fits into no column is one list's; the others do not fail with it.
        if (!(error instanceof UnavailableError) && !isApart) {
          isApart = true
          continue
        }
        collisions += costOf(error)
        if (collisions >= collisionLimit) throw error
      }
  }
}

/** Who waited for a lock in vain has waited long already; what is no collision is not tried again here. */
const costOf = (error: unknown): number => {
  if (error instanceof TransactionCollision) return 1
  return error instanceof StatementTimeout ? collisionLimit / 2 : collisionLimit
}
