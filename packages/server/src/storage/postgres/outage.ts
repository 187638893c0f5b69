import { setTimeout as wait } from 'node:timers/promises'
import { UnavailableError } from '@cardkeep/core/errors'
import { readFlag } from '../sql/values.ts'
import type { Database } from './database.ts'
import { ask, onlyReads } from './database.ts'
import { ConnectionLost } from './failures.ts'

/*
 * A database is away for a moment when it restarts or another takes its place. Callers wait for it, but not for long
 * and not all of them at its door: one looks whether it is back, more and more seldom up to once a second, and the
 * others are woken. Once it has been away for longer than anyone waits, every call fails at once until it is back.
 */

export interface OutageGate {
  /** Runs `action`, and again where the connection was lost: it must not have written anything that may stand. */
  run<T>(action: () => Promise<T>): Promise<T>
  /** Ends the looking, and whoever waits. */
  close(): void
}

const firstPauseMs = 50
const longestPauseMs = 1_000

export interface OutageTimes {
  /** Milliseconds of a clock that never steps. */
  readonly now: () => number
}

const usualTimes: OutageTimes = { now: () => performance.now() }

interface Outage {
  readonly since: number
  /** Resolves when the database is back, or the gate closed. */
  readonly end: Promise<void>
}

export const createOutageGate = (database: Database, { now }: OutageTimes = usualTimes): OutageGate => {
  const { outageMs } = database.patience
  const closing = new AbortController()
  let outage: Outage | undefined

  const lookForIt = async (): Promise<void> => {
    for (
      let pauseMs = firstPauseMs;
      !closing.signal.aborted;
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    ) {
      if (await isThere(database)) break
      // Aborted: the loop ends.
      await wait(pauseMs, undefined, { signal: closing.signal, ref: false }).catch(() => undefined)
    }
    outage = undefined
  }

  const begin = (): Outage => {
    outage ??= { since: now(), end: lookForIt() }
    return outage
  }

  const needsEnd = async ({ since, end }: Outage, lost: UnavailableError): Promise<void> => {
    const leftMs = since + outageMs - now()
    if (leftMs <= 0) throw lost
    const timer = new AbortController()
    // Whoever waits keeps the process alive: a command has nothing else that would.
    const isOver = wait(leftMs, false, { signal: timer.signal }).catch(() => false)
    const isBack = await Promise.race([end.then(() => true), isOver])
    timer.abort()
    if (!isBack || closing.signal.aborted) throw lost
  }

  return {
    run: async (action) => {
      if (outage) await needsEnd(outage, new ConnectionLost('the database cannot be reached'))
      const begunAt = now()
      for (;;)
        try {
          return await action()
        } catch (error) {
          if (!(error instanceof ConnectionLost)) throw error
          // Whoever comes next does not find out anew, however long it took this one.
          const begun = begin()
          // One that comes and goes is away as well.
          if (now() - begunAt > outageMs) throw error
          await needsEnd(begun, error)
        }
    },
    close: () => closing.abort(),
  }
}

/** Where another took its place, the one before may stay up and only read. */
const looking = `select ${onlyReads}`

const isThere = async (database: Database): Promise<boolean> => {
  try {
    const session = await database.connect()
    try {
      const { rows } = await ask(session, { statement: { name: undefined, text: looking }, values: [] })
      return rows.some((row) => !readFlag(row, 'only_reads'))
    } finally {
      await session.close()
    }
  } catch (error) {
    if (error instanceof UnavailableError) return false
    throw error
  }
}
