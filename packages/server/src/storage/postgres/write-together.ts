import type { AuditHead } from '@cardkeep/core/ports'
import { batchSteps } from './batch.ts'
import { beginGroup, type GroupParts, type PendingList, type Settle } from './begin-group.ts'
import { linkEntries, needsFreePlace } from './chain.ts'
import type { Outcome } from './database.ts'
import { TransactionCollision } from './failures.ts'

/** Writes all of the lists, or answers `false` and has written nothing: then something was not as one of them expects. */
export const createTogetherWriter =
  (parts: GroupParts) =>
  async (lists: readonly PendingList[], settle: Settle): Promise<boolean> => {
    const { transactions, statements, chain } = parts
    const plans = lists.map(({ plan }) => plan)
    const entries = plans.flatMap((plan) => plan.entries)
    const [loose, bound] = [plans.filter(isLoose), plans.filter((plan) => !isLoose(plan))]
    const body = [
      ...batchSteps(
        statements,
        loose.flatMap(({ steps }) => steps),
      ),
      ...bound
        .flatMap(({ steps }) => steps)
        .map(({ statement, values, expects }) => ({
          call: { statement: statements[statement], values },
          expected: expects === 'nothing' ? undefined : 1,
        })),
    ]
    // The row is everyone's: it is changed last, so that others wait for it no longer than the commit takes.
    if (plans.some((plan) => plan.isRemembered))
      body.push({ call: { statement: statements.countChange, values: [] }, expected: undefined })
    let headAfter: AuditHead | undefined
    const { outcomes } = await beginGroup(parts, lists, (head) => {
      // Entries come first: a list may sign or archive what it adds.
      const linked = head && linkEntries(statements, head, entries)
      headAfter = linked?.head
      return [...(linked ? [linked.call] : []), ...body.map(({ call }) => call)]
    })
    const changed = headAfter ? outcomes.slice(1) : outcomes
    if (headAfter) needsFreePlace(outcomes[0])
    if (!body.every(({ expected }, at) => isMade(changed[at], expected))) {
      const collision = changed.find((outcome) => outcome instanceof TransactionCollision)
      if (collision) throw collision
      return false
    }
    await transactions.commit()
    if (headAfter) chain.committed(headAfter)
    for (const list of lists) settle(list, { type: 'written' })
    return true
  }

const isLoose = (plan: PendingList['plan']): boolean => plan.isLoose

/** More than expected is made too: an update may find many rows. */
const isMade = (outcome: Outcome | undefined, expected: number | undefined): boolean =>
  outcome !== undefined && !(outcome instanceof Error) && outcome.count >= (expected ?? 0)
