import { resolve } from 'node:path'
import { mainChain } from '@cardkeep/core/audit/chain'
import type { Conflict } from '@cardkeep/core/changes'
import { UnavailableError } from '@cardkeep/core/errors'
import { done, refuse } from '@cardkeep/core/kernel/result'
import type { Store } from '@cardkeep/core/ports'
import { needsNotMoved } from '../move/moved.ts'
import type { ServerStore } from '../server-store.ts'
import { readBin } from '../sql/bin-rows.ts'
import { readMigrations } from '../sql/migrations.ts'
import { planRemovals } from '../sql/plan.ts'
import { readStanding } from '../sql/program-needs.ts'
import { createReads } from '../sql/reads.ts'
import { readToken } from '../sql/rows.ts'
import type { StatementName } from '../sql/statements.ts'
import { idValue, type Row, readNumber, type SqlValue } from '../sql/values.ts'
import { createApplier } from './apply.ts'
import { claimDueDeliveries, listDueWebhooks } from './claim.ts'
import { claimDueRotations, listDueIssuers } from './claim-rotations.ts'
import { type Database, openDatabase } from './database.ts'
import { prepareFile } from './file.ts'
import { createGroupCommit } from './group-commit.ts'
import { migrate } from './migrate.ts'
import { type Patience, patiently, usualPatience } from './patience.ts'
import { prepareStatements } from './prepare.ts'
import { createRememberedTokens } from './remembered-tokens.ts'
import { removeLeftovers } from './remove.ts'
import { createScrubber } from './scrub.ts'

export type SqliteStore = ServerStore

export interface SqliteStoreOptions {
  /** The database file; it and its folder are made if they are missing. */
  readonly file: string
  /** How long to wait while another process writes; some seconds. */
  readonly patience?: Patience
}

/**
 * The store of one machine: an SQLite file, durable at every answer. Several processes may have it open and write.
 * Throws `UnavailableError` where the file cannot be used, or where it needs a newer program.
 */
export const openSqliteStore = async ({
  file,
  patience = usualPatience,
}: SqliteStoreOptions): Promise<SqliteStore> => {
  prepareFile(file)
  const database = await patiently(patience, () => openDatabase(resolve(file)))
  try {
    needsNotMoved(database)
    const known = readMigrations()
    await migrate(database, known, patience)
    return createStore(database, patience, known.length)
  } catch (error) {
    database.close()
    throw error
  }
}

const createStore = (database: Database, patience: Patience, known: number): SqliteStore => {
  const prepared = prepareStatements(database)
  const dataVersion = database.prepare('pragma data_version')
  const applier = createApplier(prepared)
  const scrubber = createScrubber(database)
  const remembered = createRememberedTokens()
  const groups = createGroupCommit<Conflict>({ database, patience, begun: applier.begin })
  let closing: Promise<void> | undefined

  const readDataVersion = (): number => readNumber(dataVersion.get() ?? {}, 'data_version')

  const needsOpen = (): void => {
    if (closing) throw new UnavailableError('the store is closed')
  }

  const find = async <T>(
    statement: StatementName,
    values: readonly SqlValue[],
    read: (row: Row) => T,
  ): Promise<T | undefined> => {
    needsOpen()
    const row = prepared[statement].get(...values)
    return row && read(row)
  }

  const list = async <T>(
    statement: StatementName,
    values: readonly SqlValue[],
    read: (row: Row) => T,
  ): Promise<readonly T[]> => {
    needsOpen()
    return prepared[statement].all(...values).map(read)
  }

  const close = async (): Promise<void> => {
    await groups.drain()
    scrubber.finish()
    database.close()
  }

  return {
    ...createReads({ find, list }),

    // From its first line to its last in one piece: nothing is written in between.
    token: async (id) => {
      needsOpen()
      const known = remembered.find(id, readDataVersion())
      if (known) return known
      const row = prepared.token.get(idValue(id))
      if (!row) return undefined
      const token = readToken(row)
      remembered.keep(token)
      return token
    },

    commit: async (changes) => {
      needsOpen()
      const conflict = await groups.submit({
        run: () => {
          remembered.touched(changes)
          return applier.apply(changes)
        },
      })
      if (conflict) return refuse(conflict)
      scrubber.written(changes)
      await removeLeftovers(prepared, groups, changes)
      // Leftovers are removed piece by piece, and a token may have been read in between.
      remembered.touched(changes)
      // Portions that took longer than the log was left for.
      if (changes.some((change) => planRemovals(change).length > 0)) scrubber.written(changes)
      return done
    },

    claimDeliveries: async (wish) => {
      needsOpen()
      // Almost always nothing is due, and looking takes no lock that others would wait for.
      if (listDueWebhooks(prepared, wish).length === 0) return []
      let claimed: Awaited<ReturnType<Store['claimDeliveries']>> = []
      await groups.submit({
        run: () => {
          claimed = claimDueDeliveries(prepared, wish)
          return undefined
        },
      })
      return claimed
    },
    claimRotations: async (wish) => {
      needsOpen()
      if (listDueIssuers(prepared, wish).length === 0) return []
      let claimed: Awaited<ReturnType<Store['claimRotations']>> = []
      await groups.submit({
        run: () => {
          claimed = claimDueRotations(prepared, wish)
          return undefined
        },
      })
      return claimed
    },
    releaseRotations: async (cards, until) => {
      needsOpen()
      if (cards.length === 0) return
      await groups.submit({
        run: () => {
          for (const id of cards) prepared.releaseRotation.run(id, until)
          return undefined
        },
      })
    },
    bin: async (prefixes) => {
      for (const prefix of prefixes.toSorted((a, b) => b.length - a.length)) {
        const bin = await find('bin', [prefix], readBin)
        if (bin) return bin
      }
      return undefined
    },
    // Everyone who writes to this file shares one chain.
    auditChains: async () => [mainChain],

    close: () => (closing ??= close()),
    // Also after a commit of another kind: SQLite counts them all, and looking costs next to nothing.
    dataVersion: async () => {
      needsOpen()
      return readDataVersion()
    },
    schema: async () => {
      needsOpen()
      return readStanding(prepared.schema.get(), known)
    },
    checkWritable: async () => {
      needsOpen()
      await groups.submit({
        run: () => {
          prepared.probeWriting.run()
          return undefined
        },
      })
    },
    // Nobody else serves this file.
    claimDuty: async () => true,
    releaseDuty: async () => undefined,
  }
}
