import type { Conflict } from '@cardkeep/core/changes'
import type { AuditHead } from '@cardkeep/core/ports'
import { beginGroup, type GroupParts, type PendingList, type Settle, type Verdict } from './begin-group.ts'
import { linkEntries, needsFreePlace } from './chain.ts'
import type { Call, Outcome } from './database.ts'
import { ConstraintViolation, NotTried, StatementTimeout, TransactionCollision } from './failures.ts'
import type { ListStep } from './plan-list.ts'

/*
 * One list behind the other, each after a savepoint of its own, all sent at once. Those that were not as expected are
 * left out and put off, and the others are committed: a stranger waits for some round trips, however many failed. Only
 * then comes each that was put off, alone, so that what is said of it is certain: before, another that was undone as well
 * may have stood in its way.
 */

/** After so many passes, each with something that broke the transaction, whatever is left is put off as well. */
const passLimit = 4
/** A list that others stood in the way of so often is told so. */
const attemptLimit = 3

/** One list, and what is sent for it after the savepoint. */
interface Attempt {
  readonly list: PendingList
  readonly savepoint: string
  readonly linking: readonly Call[]
  readonly calls: readonly Call[]
  readonly headAfter: AuditHead | undefined
}

export const createApartWriter = (parts: GroupParts) => {
  const { transactions, statements, chain } = parts

  const prepare = (lists: readonly PendingList[], first: AuditHead | undefined): readonly Attempt[] => {
    let head = first
    return lists.map((list, at) => {
      const { entries, steps } = list.plan
      const linked = head && entries.length > 0 ? linkEntries(statements, head, entries) : undefined
      head = linked?.head ?? head
      const savepoint = `list_${at}`
      const linking = linked ? [linked.call] : []
      const changing = steps.map(({ statement, values }) => ({ statement: statements[statement], values }))
      const calls = [plain(`savepoint ${savepoint}`), ...linking, ...changing]
      return { list, savepoint, linking, calls, headAfter: head }
    })
  }

  const commit = async (written: readonly PendingList[], head: AuditHead | undefined): Promise<void> => {
    // The row is everyone's: whoever had it while it waits for another could stand in the way of all.
    await transactions.commit(
      written.some(isCounted) ? [{ statement: statements.countChange, values: [] }] : [],
    )
    if (head) chain.committed(head)
  }

  /** Writes those that are as expected, and answers the others. */
  const writeUnsuspected = async (
    lists: readonly PendingList[],
    settle: Settle,
  ): Promise<readonly PendingList[]> => {
    const putOff: PendingList[] = []
    const written: PendingList[] = []
    let attempts: readonly Attempt[] = []
    let { head, outcomes } = await beginGroup(parts, lists, (first) => {
      attempts = prepare(lists, first)
      return callsOf(attempts)
    })
    for (let pass = 1; ; pass++) {
      const judged = judgeAll(attempts, outcomes)
      const failed = judged.findIndex(({ verdict }) => verdict !== 'made')
      const made = failed < 0 ? attempts : attempts.slice(0, failed)
      written.push(...made.map(({ list }) => list))
      head = made.at(-1)?.headAfter ?? head
      const broken = attempts[failed]
      if (!broken) break
      const isOver = pass === passLimit
      const rest = judged.slice(failed)
      putOff.push(...rest.filter(({ verdict }) => isOver || verdict === 'failed').map(({ list }) => list))
      attempts = prepare(
        isOver ? [] : rest.filter(({ verdict }) => verdict !== 'failed').map(({ list }) => list),
        head,
      )
      outcomes = (
        await transactions.send([plain(`rollback to ${broken.savepoint}`), ...callsOf(attempts)])
      ).slice(1)
    }
    if (written.length > 0) await commit(written, head)
    for (const list of written) settle(list, { type: 'written' })
    return putOff
  }

  const writeAlone = async (lists: readonly PendingList[], settle: Settle): Promise<void> => {
    const verdicts = new Map<PendingList, Verdict>()
    const [first, ...others] = lists
    if (!first) return
    let attempt: Attempt | undefined
    let { head, outcomes } = await beginGroup(parts, lists, (known) => {
      attempt = prepare([first], known)[0]
      return attempt?.calls ?? []
    })
    let undoing: readonly Call[] = []
    for (const list of [first, ...others])
      for (let tried = 1; !verdicts.has(list); tried++) {
        if (list !== first || tried > 1) {
          attempt = prepare([list], head)[0]
          outcomes = (await transactions.send([...undoing, ...(attempt?.calls ?? [])])).slice(undoing.length)
        }
        if (!attempt) throw new Error('a list was left without an attempt')
        const verdict = decide(attempt, outcomes)
        const isUnlucky = verdict.type === 'broken' && verdict.error instanceof TransactionCollision
        if (!isUnlucky || tried === attemptLimit) verdicts.set(list, verdict)
        if (verdict.type === 'written') head = attempt.headAfter
        undoing = verdict.type === 'written' ? [] : [plain(`rollback to ${attempt.savepoint}`)]
      }
    const written = [...verdicts].filter(([, { type }]) => type === 'written').map(([list]) => list)
    if (written.length > 0 && undoing.length > 0) await transactions.send(undoing)
    if (written.length > 0) await commit(written, head)
    else transactions.rollBack()
    for (const [list, verdict] of verdicts) settle(list, verdict)
  }

  return async (lists: readonly PendingList[], settle: Settle): Promise<void> => {
    if (lists.length === 1) return writeAlone(lists, settle)
    let putOff: readonly PendingList[]
    try {
      putOff = await writeUnsuspected(lists, settle)
    } catch (error) {
      const [uncounted, counted] = [lists.filter((list) => !isCounted(list)), lists.filter(isCounted)]
      if (!(error instanceof StatementTimeout) || uncounted.length === 0 || counted.length === 0) throw error
      // Others hold the row that counts changes: whoever has nothing to count goes before.
      putOff = [...(await writeUnsuspected(uncounted, settle)), ...(await writeUnsuspected(counted, settle))]
    }
    await writeAlone(putOff, settle)
  }
}

const isCounted = ({ plan }: PendingList): boolean => plan.isRemembered

const plain = (text: string): Call => ({ statement: { name: undefined, text }, values: [] })

const callsOf = (attempts: readonly Attempt[]): readonly Call[] => attempts.flatMap(({ calls }) => calls)

interface Judged {
  readonly list: PendingList
  readonly verdict: 'made' | 'failed' | 'not tried'
}

const judgeAll = (attempts: readonly Attempt[], outcomes: readonly Outcome[]): readonly Judged[] => {
  let at = 0
  return attempts.map((attempt) => {
    const own = outcomes.slice(at, (at += attempt.calls.length))
    if (own[0] instanceof NotTried) return { list: attempt.list, verdict: 'not tried' }
    return { list: attempt.list, verdict: decide(attempt, own).type === 'written' ? 'made' : 'failed' }
  })
}

/** Certain only where nothing stands before it that is undone later. */
const decide = ({ list, linking }: Attempt, outcomes: readonly Outcome[]): Verdict => {
  const [saving, ...rest] = outcomes
  if (saving instanceof Error) return { type: 'broken', error: saving }
  if (linking.length > 0) needsFreePlace(rest[0])
  const changed = rest.slice(linking.length)
  for (const [at, step] of list.plan.steps.entries()) {
    const outcome = changed[at]
    if (outcome instanceof ConstraintViolation) return { type: 'refused', refusal: conflictOf(step) }
    if (outcome instanceof Error) return { type: 'broken', error: outcome }
    if (step.expects !== 'nothing' && !outcome?.count) return { type: 'refused', refusal: conflictOf(step) }
  }
  return { type: 'written' }
}

const conflictOf = ({ change }: ListStep): Conflict => ({ type: 'Conflict', change })
