import type { Conflict } from '@cardkeep/core/changes'
import type { AuditHead } from '@cardkeep/core/ports'
import type { ChainWriter } from './chain.ts'
import { type Call, needsAnswer, type Outcome } from './database.ts'
import { lockLines } from './lines.ts'
import type { ListPlan } from './plan-list.ts'
import { lockRows } from './rows-first.ts'
import type { Statements } from './statements.ts'
import type { Transactions } from './transaction.ts'

export type Verdict =
  | { readonly type: 'written' }
  | { readonly type: 'refused'; readonly refusal: Conflict }
  | { readonly type: 'broken'; readonly error: Error }

export interface PendingList {
  readonly plan: ListPlan
  /** Called once, when it is certain. */
  settle(verdict: Verdict): void
}

export type Settle = (list: PendingList, verdict: Verdict) => void

export interface GroupParts {
  readonly transactions: Transactions
  readonly statements: Statements
  readonly chain: ChainWriter
}

export interface Begun {
  /** Before the first entry of these lists; `undefined` where they have none. */
  readonly head: AuditHead | undefined
  readonly outcomes: readonly Outcome[]
}

/** Begins a transaction with what is to be sent first, which may need the head; in one round trip where that is known. */
export const beginGroup = async (
  { transactions, statements, chain }: GroupParts,
  lists: readonly PendingList[],
  first: (head: AuditHead | undefined) => readonly Call[],
): Promise<Begun> => {
  const locks = lockLines(
    statements,
    lists.map(({ plan }) => plan.lines),
  )
  const rows = lockRows(
    statements,
    lists.map(({ plan }) => plan.rows),
  )
  const hasEntries = lists.some(({ plan }) => plan.entries.length > 0)
  const questions = hasEntries ? chain.questions : []
  const needsLocks = (outcomes: readonly Outcome[], count: number): readonly Outcome[] => {
    for (const outcome of outcomes.slice(0, count)) needsAnswer(outcome)
    return outcomes.slice(count)
  }
  if (questions.length === 0) {
    const head = hasEntries ? chain.begin([]) : undefined
    const outcomes = await transactions.begin([...locks, ...rows, ...first(head)])
    return { head, outcomes: needsLocks(outcomes, locks.length + rows.length) }
  }
  const head = chain.begin(needsLocks(await transactions.begin([...locks, ...questions]), locks.length))
  // Behind the row of a chain that is everyone's, as in every other group.
  return { head, outcomes: needsLocks(await transactions.send([...rows, ...first(head)]), rows.length) }
}
