import { setImmediate as nextTurn } from 'node:timers/promises'
import { UnavailableError } from '@cardkeep/core/errors'
import type { Database } from './database.ts'
import { type Patience, patiently } from './patience.ts'
import { undo } from './transaction.ts'

/*
 * A durable commit waits for the disk, and all that waits at the same time can wait for it once. The work of one turn
 * of the event loop becomes one transaction; nobody is answered before all of it is durable.
 *
 * Almost always all of a group can be written, and it is tried so first, because a savepoint costs a copy of every
 * page that is changed under it. If anything was refused or broke, all is undone and the group runs again with each
 * piece of work under its own savepoint: then only that piece is undone. A failure of the transaction itself, such as a
 * full disk, fails all its work, and nothing of it is written.
 */

export interface Work<Refusal> {
  /** Writes, inside the transaction. Whatever it wrote is undone if it answers a refusal or throws. May run again. */
  run(): Refusal | undefined
}

export interface GroupCommit<Refusal> {
  /** Answers when the work is durable, or why it was refused. Throws `UnavailableError` where it could not be written. */
  submit(work: Work<Refusal>): Promise<Refusal | undefined>
  /** Everything that was submitted has been answered. */
  drain(): Promise<void>
}

export interface GroupCommitParts {
  readonly database: Database
  readonly patience: Patience
  /** A transaction has begun. */
  readonly begun: () => void
}

/** Beyond this many the rest waits for the next turn, so that the event loop gets to everything else. */
const groupLimit = 256

interface Waiting<Refusal> {
  readonly work: Work<Refusal>
  readonly resolve: (refusal: Refusal | undefined) => void
  readonly reject: (error: unknown) => void
}

type Outcome<Refusal> =
  | { readonly type: 'written' }
  | { readonly type: 'refused'; readonly refusal: Refusal }
  | { readonly type: 'broken'; readonly error: unknown }

export const createGroupCommit = <Refusal>(parts: GroupCommitParts): GroupCommit<Refusal> => {
  const { database, patience } = parts
  const runGroup = createGroupRunner<Refusal>(parts)
  const queue: Waiting<Refusal>[] = []
  let running: Promise<void> | undefined

  const runQueue = async (): Promise<void> => {
    while (queue.length > 0) {
      await nextTurn()
      const group = queue.splice(0, groupLimit)
      try {
        const outcomes = await patiently(patience, () => runGroup(group.map(({ work }) => work)))
        for (const [at, waiting] of group.entries()) answer(waiting, outcomes[at])
      } catch (error) {
        tryUndo(database)
        for (const { reject } of group) reject(toOutage(error))
      }
    }
    running = undefined
  }

  return {
    submit: (work) =>
      new Promise((resolve, reject) => {
        queue.push({ work, resolve, reject })
        running ??= runQueue()
      }),
    drain: async () => {
      while (running) await running
    },
  }
}

/** Runs pieces of work as one transaction. Throws if the transaction failed; then it may be run again. */
const createGroupRunner = <Refusal>({ database, begun }: GroupCommitParts) => {
  const begin = database.prepare('begin immediate')
  const commit = database.prepare('commit')
  const save = database.prepare('savepoint work')
  const release = database.prepare('release work')
  const takeBack = database.prepare('rollback to work')
  type Group = readonly Work<Refusal>[]
  type Outcomes = readonly Outcome<Refusal>[]

  const attempt = (work: Work<Refusal>): Outcome<Refusal> => {
    try {
      const refusal = work.run()
      return refusal === undefined ? { type: 'written' } : { type: 'refused', refusal }
    } catch (error) {
      // Not this work alone: the database itself has failed, and may have ended the transaction.
      if (error instanceof UnavailableError || !database.isInTransaction()) throw error
      return { type: 'broken', error }
    }
  }

  /** Stops at the first that was not written: then none will be, and the rest would be work for nothing. */
  const attemptTogether = (group: Group): Outcomes => {
    const outcomes: Outcome<Refusal>[] = []
    for (const work of group) {
      const outcome = attempt(work)
      outcomes.push(outcome)
      if (!isWritten(outcome)) break
    }
    return outcomes
  }

  const attemptApart = (group: Group): Outcomes =>
    group.map((work) => {
      save.run()
      const outcome = attempt(work)
      if (!isWritten(outcome)) takeBack.run()
      release.run()
      return outcome
    })

  /** Commits only what `isGood` finds good; the transaction has ended either way. */
  const transact = (attemptAll: () => Outcomes, isGood: (outcomes: Outcomes) => boolean): Outcomes => {
    begin.run()
    try {
      begun()
      const outcomes = attemptAll()
      if (isGood(outcomes)) commit.run()
      return outcomes
    } finally {
      undo(database)
    }
  }

  return (group: Group): Outcomes => {
    undo(database)
    const outcomes = transact(
      () => attemptTogether(group),
      (made) => made.every(isWritten),
    )
    if (group.length === 1 || outcomes.every(isWritten)) return outcomes
    return transact(
      () => attemptApart(group),
      (made) => made.some(isWritten),
    )
  }
}

const isWritten = ({ type }: Outcome<unknown>): boolean => type === 'written'

const answer = <Refusal>(
  { resolve, reject }: Waiting<Refusal>,
  outcome: Outcome<Refusal> | undefined,
): void => {
  // Precondition: each piece of work has an outcome.
  if (!outcome) reject(new Error('work was left without an outcome'))
  else if (outcome.type === 'written') resolve(undefined)
  else if (outcome.type === 'refused') resolve(outcome.refusal)
  else reject(outcome.error)
}

/** A disk that fails may fail here as well; the next group tries again before it begins. */
const tryUndo = (database: Database): void => {
  try {
    undo(database)
  } catch {
    return
  }
}

const toOutage = (error: unknown): UnavailableError =>
  error instanceof UnavailableError
    ? error
    : new UnavailableError('the transaction failed, and nothing was written', { cause: error })
