import type { Database } from './database.ts'

/** Runs `work` in a transaction of its own: what it throws undoes everything. */
export const inTransaction = <T>(database: Database, mode: 'immediate' | 'exclusive', work: () => T): T => {
  database.exec(`begin ${mode}`)
  try {
    const result = work()
    database.exec('commit')
    return result
  } catch (error) {
    undo(database)
    throw error
  }
}

/** Ends a transaction if there is one still: after a full disk SQLite may have ended it already. */
export const undo = (database: Database): void => {
  if (database.isInTransaction()) database.exec('rollback')
}
