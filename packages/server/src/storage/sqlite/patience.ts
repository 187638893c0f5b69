import { setTimeout as wait } from 'node:timers/promises'
import { UnavailableError } from '@cardkeep/core/errors'
import { DatabaseBusy } from './database.ts'

/** How long to wait for other processes that write to the same file. */
export interface Patience {
  readonly attempts: number
  readonly pauseMs: number
}

/** Some five seconds. A command writes for milliseconds; who writes for seconds has stopped inside. */
export const usualPatience: Patience = { attempts: 400, pauseMs: 8 }

/** Tries until the database is not busy. The thread is free between the attempts: others are served meanwhile. */
export const patiently = async <T>({ attempts, pauseMs }: Patience, action: () => T): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return action()
    } catch (error) {
      if (!(error instanceof DatabaseBusy)) throw error
      if (attempt === attempts)
        throw new UnavailableError('another process holds the database', { cause: error })
    }
    await wait(pauseMs)
  }
}
