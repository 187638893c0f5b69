import { UnavailableError } from '@cardkeep/core/errors'
import { type Answer, ask, type Call, type Database, type Session } from './database.ts'
import { ConnectionLost } from './failures.ts'

/**
 * Sessions for single statements, opened as they are needed. Several statements share one that is quick to answer, which
 * costs both sides less than a session for each; while answers are slow they spread over all of them.
 */
export interface Readers {
  ask(call: Call): Promise<Answer>
  close(): Promise<void>
}

/** So many wait for one session before another is opened. */
const depth = 8

export const createReaders = (database: Database, limit: number): Readers => {
  const sessions: Session[] = []
  let opening: Promise<unknown> | undefined
  let isClosed = false

  const remove = (session: Session): void => {
    const at = sessions.indexOf(session)
    if (at >= 0) sessions.splice(at, 1)
  }

  /** Each as soon as nobody waits for it any more. */
  const leaveOutdated = (): void => {
    for (const session of sessions.filter(({ isCurrent, waiting }) => !isCurrent && waiting === 0)) {
      remove(session)
      void session.close()
    }
  }

  const open = async (): Promise<Session> => {
    const session = await database.connect()
    // It was closed meanwhile: nobody would close this one.
    if (isClosed) {
      await session.close()
      throw new UnavailableError('the store is closed')
    }
    sessions.push(session)
    session.onEnd(() => remove(session))
    return session
  }

  /** The fullest that has room left, so that the rest stay idle while few are enough. */
  const choose = (): Session | undefined => {
    leaveOutdated()
    const current = sessions.filter(({ isCurrent }) => isCurrent)
    return current.find(({ waiting }) => waiting < depth) ?? leastBusy(current)
  }

  const openAnother = (): Promise<unknown> => {
    opening ??= open().finally(() => {
      opening = undefined
    })
    return opening
  }

  return {
    ask: async (call) => {
      let session = choose()
      if (!session) {
        await openAnother()
        session = choose()
      } else if (session.waiting >= depth && sessions.length < limit) {
        // Nobody waits for it: where it cannot be opened, those that are there must do.
        openAnother().catch(() => undefined)
      }
      if (!session) throw new ConnectionLost('the database cannot be reached')
      return ask(session, call)
    },
    close: async () => {
      isClosed = true
      await Promise.all(sessions.map((session) => session.close()))
    },
  }
}

const leastBusy = (sessions: readonly Session[]): Session | undefined =>
  sessions.toSorted((a, b) => a.waiting - b.waiting)[0]
