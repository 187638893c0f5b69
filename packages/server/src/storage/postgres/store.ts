import { randomBytes } from 'node:crypto'
import { type AuditChain, mainChain } from '@cardkeep/core/audit/chain'
import { UnavailableError, UnfitError } from '@cardkeep/core/errors'
import { done, refuse } from '@cardkeep/core/kernel/result'
import { unfinishedQuery, unfinishedSentence } from '../move/moved.ts'
import type { ServerStore } from '../server-store.ts'
import { readBin } from '../sql/bin-rows.ts'
import { readMigrations } from '../sql/migrations.ts'
import { readStanding } from '../sql/program-needs.ts'
import { createReads } from '../sql/reads.ts'
import { type Row, readFlag, readNumber, type SqlValue } from '../sql/values.ts'
import { encodeArray } from './arrays.ts'
import { createChainWriter } from './chain.ts'
import { claimDueDeliveries } from './claim.ts'
import { claimDueRotations } from './claim-rotations.ts'
import { type Answer, createDatabase, type Database } from './database.ts'
import { ReadOnlyServer } from './failures.ts'
import { createGroupCommit } from './group-commit.ts'
import { createLease, type Lease } from './lease.ts'
import { migrate } from './migrate.ts'
import { createOutageGate, type OutageGate } from './outage.ts'
import { createReaders, type Readers } from './readers.ts'
import { removeLeftovers } from './remove.ts'
import type { HearingClock } from './server-clock.ts'
import { type Patience, type PostgresSettings, usualPatience } from './settings.ts'
import { type PostgresStatementName, statementsFor } from './statements.ts'
import { createTransactions } from './transaction.ts'
import { createGroupWriter } from './write-group.ts'

export interface PostgresStore extends ServerStore {
  /** Where its entries of the audit log go. */
  readonly chain: AuditChain
}

export interface PostgresStoreOptions {
  readonly settings: PostgresSettings
  /** `own` for what serves: commits of one wait for nobody else's then. `main` for commands. */
  readonly chain: 'main' | 'own'
  readonly clock: HearingClock
  readonly patience?: Patience
}

/**
 * The store of many machines: a PostgreSQL database, durable at every answer. Throws `UnavailableError` where it cannot be
 * used, or where it needs a newer program.
 */
export const openPostgresStore = async (options: PostgresStoreOptions): Promise<PostgresStore> => {
  const { settings, patience = usualPatience } = options
  const database = createDatabase(settings, patience)
  const gate = createOutageGate(database)
  const readers = createReaders(database, Math.max(1, settings.connections - 1))
  try {
    await needsFinishedMove(gate, readers)
    const known = readMigrations('postgres')
    await gate.run(() => migrate(database, known))
    return await createStore(options, { database, gate, readers, known: known.length })
  } catch (error) {
    gate.close()
    await readers.close()
    throw error
  }
}

/** A copy of another vault that is not complete, or not yet compared, is no vault. */
const needsFinishedMove = async (gate: OutageGate, readers: Readers): Promise<void> => {
  const call = { statement: { name: undefined, text: unfinishedQuery }, values: [] }
  if ((await gate.run(() => readers.ask(call))).count > 0) throw new UnfitError(unfinishedSentence)
}

interface StoreParts {
  readonly database: Database
  readonly gate: OutageGate
  readonly readers: Readers
  /** The newest migration that this program knows. */
  readonly known: number
}

const createStore = async (
  { settings, chain: wanted, clock }: PostgresStoreOptions,
  { database, gate, readers, known }: StoreParts,
): Promise<PostgresStore> => {
  const statements = statementsFor(settings.pooler)
  const transactions = createTransactions(database)
  const holder = randomBytes(16)
  let closing: Promise<void> | undefined

  const ask = (statement: PostgresStatementName, values: readonly SqlValue[]): Promise<Answer> =>
    gate.run(() => readers.ask({ statement: statements[statement], values }))

  const run = async (statement: PostgresStatementName, values: readonly SqlValue[]): Promise<number> =>
    (await ask(statement, values)).count

  /** Where another server has taken its place, whoever never writes would never notice, and look at what is old. */
  const lookForChanges = async (): Promise<number> => {
    const askedAt = clock.monotonic()
    const { rows } = await readers.ask({ statement: statements.changes, values: [] })
    const [row] = rows
    if (!row) return 0
    if (readFlag(row, 'only_reads')) {
      database.leaveServer()
      throw new ReadOnlyServer('the database only reads')
    }
    // Only of the server that is believed.
    clock.hearTime?.(readNumber(row, 'now'), askedAt)
    return readNumber(row, 'changes')
  }

  // Leases are by its time.
  await gate.run(lookForChanges)
  const createChain = (chain: AuditChain) => createChainWriter(statements, chain)
  const leased =
    wanted === 'own'
      ? await createLease({ database, gate, statements, clock, holder, run }, createChain)
      : undefined
  const chain = leased?.chain ?? createChain(mainChain)
  const groups = createGroupCommit(gate, createGroupWriter({ transactions, statements, chain }))

  const needsOpen = (): void => {
    if (closing) throw new UnavailableError('the store is closed')
  }

  const find = async <T>(
    statement: PostgresStatementName,
    values: readonly SqlValue[],
    read: (row: Row) => T,
  ): Promise<T | undefined> => {
    needsOpen()
    const [row] = (await ask(statement, values)).rows
    return row && read(row)
  }

  const list = async <T>(
    statement: PostgresStatementName,
    values: readonly SqlValue[],
    read: (row: Row) => T,
  ): Promise<readonly T[]> => {
    needsOpen()
    return (await ask(statement, values)).rows.map(read)
  }

  const close = async (lease: Lease | undefined): Promise<void> => {
    await groups.drain()
    await lease?.release()
    gate.close()
    await Promise.all([transactions.close(), readers.close()])
  }

  return {
    get chain() {
      return chain.chain
    },

    ...createReads({ find, list }),

    commit: async (changes) => {
      needsOpen()
      const conflict = await groups.submit(changes)
      if (conflict) return refuse(conflict)
      await removeLeftovers(run, changes)
      return done
    },

    claimDeliveries: async (wish) => {
      needsOpen()
      return claimDueDeliveries(async (statement, values) => (await ask(statement, values)).rows, wish)
    },
    claimRotations: async (wish) => {
      needsOpen()
      return claimDueRotations(async (statement, values) => (await ask(statement, values)).rows, wish)
    },
    releaseRotations: async (cards, until) => {
      needsOpen()
      if (cards.length > 0) await run('releaseRotations', [encodeArray('bigint', cards), until])
    },
    bin: (prefixes) => find('longestBin', [encodeArray('text', prefixes)], readBin),
    auditChains: () => list('chains', [], (row) => readNumber(row, 'chain')),

    close: () => (closing ??= close(leased?.lease)),
    dataVersion: async () => {
      needsOpen()
      return gate.run(lookForChanges)
    },
    schema: async () => {
      needsOpen()
      return readStanding((await ask('schema', [])).rows[0], known)
    },
    checkWritable: async () => {
      needsOpen()
      await ask('probeWriting', [])
    },
    claimDuty: async ({ name, at, until }) => {
      needsOpen()
      return (await run('claimDuty', [name, holder, at, until])) > 0
    },
    releaseDuty: async (name) => {
      needsOpen()
      await run('releaseDuty', [name, holder])
    },
  }
}
