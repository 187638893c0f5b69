import { ConfigError } from '../config.ts'
import { holdAlone } from '../storage/postgres/alone.ts'
import { lockFolder } from '../storage/sqlite/lock.ts'
import type { Vault } from './open-vault.ts'

/** What this process has to itself while it serves. */
export interface Place {
  /** Whether looking at the database for what others changed costs next to nothing. */
  readonly isLookFree: boolean
  /** Resolves if another process has taken it meanwhile: this one must not go on. */
  readonly lost: Promise<void>
  /** To be called when nothing is written any more. */
  leave(): Promise<void>
}

/**
 * A file is served by one process. A server may have many, if they share their codes; those in the memory of one another would
 * not find, and would refuse what the first holds. Throws `UnavailableError` where another process serves already.
 */
export const takePlace = async ({ config }: Pick<Vault, 'config'>): Promise<Place> => {
  const { database, dataFolder, codes } = config
  const { promise: lost, resolve: onLost } = Promise.withResolvers<void>()
  if (database.type === 'sqlite') {
    const lock = lockFolder(dataFolder)
    return { isLookFree: true, lost, leave: async () => lock.release() }
  }
  if (codes.type !== 'memory') return { isLookFree: false, lost, leave: async () => {} }
  if (database.pooler !== 'none')
    throw new ConfigError(
      'CARDKEEP_DATABASE_POOLER lets nobody make sure that one vault alone serves this database, and codes in memory ' +
        'need that: name a server for codes in CARDKEEP_CODES_URL',
    )
  const alone = await holdAlone({ settings: database, onLost })
  return { isLookFree: false, lost, leave: () => alone.release() }
}
