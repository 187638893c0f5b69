import { UnavailableError } from '@cardkeep/core/errors'
import {
  ask,
  type Call,
  type Database,
  needsAnswer,
  type Outcome,
  type Session,
  sessionSettings,
} from './database.ts'
import { ConnectionLost } from './failures.ts'

/** The transactions of one session, one after the other. */
export interface Transactions {
  /** Begins one; with it goes what is to be sent first. Whatever was not committed before is undone. */
  begin(calls: readonly Call[]): Promise<readonly Outcome[]>
  send(calls: readonly Call[]): Promise<readonly Outcome[]>
  /** With what is to be sent last. Throws `OutcomeUnknown` where nobody can say whether it was written. */
  commit(calls?: readonly Call[]): Promise<void>
  /** Undoes what was not committed, if anything is left: nothing stays locked. Nobody needs to wait for it. */
  rollBack(): void
  close(): Promise<void>
}

/** What was asked for may be written or not: it must not be asked for again as if it were not. */
export class OutcomeUnknown extends UnavailableError {}

const plain = (text: string): Call => ({ statement: { name: undefined, text }, values: [] })

export const createTransactions = (database: Database): Transactions => {
  const settings = localSettings(database)
  let session: Session | undefined
  let isBegun = false

  const needsSession = (): Session => {
    if (!session?.isOpen) throw new ConnectionLost('the connection to the database ended')
    return session
  }

  return {
    begin: async (calls) => {
      if (!session?.isOpen || !session.isCurrent) {
        isBegun = false
        await session?.close()
        session = await database.connect()
        if (database.settings.pooler === 'none') await ask(session, durable(false))
      }
      const undoing = isBegun ? [plain('rollback')] : []
      const first = [...undoing, opening, ...settings]
      isBegun = true
      const outcomes = await session.send([...first, ...calls])
      for (const outcome of outcomes.slice(0, first.length)) needsAnswer(outcome)
      return outcomes.slice(first.length)
    },
    send: (calls) => needsSession().send(calls),
    commit: async (calls = []) => {
      try {
        const current = needsSession()
        const { warnings } = current
        const outcomes = await current.send([...calls, plain('commit')])
        isBegun = false
        // Where one of them failed the commit has undone everything, and said nothing of it.
        for (const outcome of outcomes) needsAnswer(outcome)
        if (current.warnings > warnings)
          throw new OutcomeUnknown(
            'the wait for a standby was ended: whether what was written lasts is not known',
          )
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
        throw new OutcomeUnknown('the connection ended during a commit: whether it was written is not known')
      }
    },
    rollBack: () => {
      if (!isBegun || !session?.isOpen) return
      isBegun = false
      // Where the connection ends instead, so does the transaction.
      session.send([plain('rollback')]).catch(() => undefined)
    },
    close: async () => {
      await session?.close()
    },
  }
}

const opening = plain('begin isolation level read committed')

/** What was acknowledged survives a loss of power, also where the server is set up to answer before it is on the disk. */
const durable = (isLocal: boolean): Call =>
  plain(
    `select set_config('synchronous_commit', 'on', ${isLocal}) where current_setting('synchronous_commit') = 'off'`,
  )

/** Behind a pooler a setting holds for its transaction alone. */
const localSettings = ({ settings: { pooler }, patience }: Database): readonly Call[] => {
  if (pooler === 'none') return []
  const calls = Object.entries(sessionSettings(patience)).map(
    ([name, value]) => `set_config('${name}', '${value}', true)`,
  )
  return [plain(`select ${calls.join(', ')}`), durable(true)]
}
