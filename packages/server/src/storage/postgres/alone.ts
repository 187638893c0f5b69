import { setTimeout as wait } from 'node:timers/promises'
import { UnavailableError } from '@cardkeep/core/errors'
import { type Row, readFlag } from '../sql/values.ts'
import { ask, createDatabase, onlyReads, type Session } from './database.ts'
import { type Patience, type PostgresSettings, usualPatience } from './settings.ts'

/** `card`, and the third of our locks. A server that only reads gives it too, and it keeps nobody from anything. */
const lock = `select pg_try_advisory_lock(1667330660, 3) as is_held, ${onlyReads}`
const look = `select ${onlyReads}`

export interface Alone {
  release(): Promise<void>
}

export interface AloneOptions {
  readonly settings: PostgresSettings
  readonly patience?: Patience
  /** Called once: while the connection was gone another process has taken its place, and this one must not serve. */
  readonly onLost: () => void
}

const pauseMs = 500
const lookEveryMs = 1_000

/**
 * For a vault whose codes are in its memory: a second one on the same database would not find them, and would refuse what
 * the first holds. The lock is of a session, so it goes with the process. Throws `UnavailableError` where another has it.
 */
export const holdAlone = async ({
  settings,
  patience = usualPatience,
  onLost,
}: AloneOptions): Promise<Alone> => {
  // Precondition: sessions are ours. A pooler in transaction mode gives the lock to whoever comes next.
  if (settings.pooler !== 'none') throw new Error('behind a pooler no session can be held')
  // A session that only holds the lock says nothing for weeks.
  const database = createDatabase(settings, patience)
  let session: Session
  let isReleased = false

  const acquire = async (): Promise<Session | undefined> => {
    const candidate = await database.connect()
    try {
      const row = await askRow(candidate, lock)
      if (readFlag(row, 'only_reads')) throw new UnavailableError('the database only reads')
      if (row['is_held'] === true) {
        candidate.onEnd(() => void acquireAgain())
        return candidate
      }
    } catch (error) {
      await candidate.close()
      throw error
    }
    await candidate.close()
    return undefined
  }

  /** It may have been released while this one was acquired. */
  const keep = async (again: Session): Promise<void> => {
    session = again
    if (isReleased) await again.close()
  }

  const acquireAgain = async (): Promise<void> => {
    // The server may take a moment to notice that our own session has ended.
    let refused = 0
    while (!isReleased) {
      try {
        const again = await acquire()
        if (again) return await keep(again)
        if (++refused === 20) return onLost()
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error
      }
      await wait(pauseMs, undefined, { ref: false })
    }
  }

  const first = await acquire()
  if (!first)
    throw new UnavailableError(
      'another vault serves this database, and codes are in the memory of each: let them share codes, or stop the other',
    )
  session = first

  /** Where another server has taken its place, the one before may stay up and keep the lock, which is worth nothing. */
  const leaveOldServer = async (): Promise<void> => {
    if (!session.isOpen) return
    const row = await askRow(session, look).catch(() => undefined)
    if (row && readFlag(row, 'only_reads')) await session.close()
  }
  const looking = setInterval(() => void leaveOldServer(), lookEveryMs).unref()

  return {
    release: async () => {
      isReleased = true
      clearInterval(looking)
      await session.close()
    },
  }
}

const askRow = async (session: Session, text: string): Promise<Row> =>
  (await ask(session, { statement: { name: undefined, text }, values: [] })).rows[0] ?? {}
