import { resolve } from 'node:path'
import type { Conflict } from '@cardkeep/core/changes'
import { UnavailableError } from '@cardkeep/core/errors'
import { done, refuse } from '@cardkeep/core/kernel/result'
import type { Store } from '@cardkeep/core/ports'
import { readBin, readBinTable } from '../sql/bin-rows.ts'
import { readClaim } from '../sql/idempotency-rows.ts'
import { readMigrations } from '../sql/migrations.ts'
import { readDeadDelivery, readOutboxState, readWebhook } from '../sql/outbox-rows.ts'
import {
  readAnchor,
  readAuditEntry,
  readCheckpoint,
  readCredential,
  readDestination,
  readFingerprint,
  readKey,
  readKeySet,
  readScope,
  readShipment,
  readStanding,
  readTenant,
  readToken,
} from '../sql/rows.ts'
import type { StatementName } from '../sql/statements.ts'
import { idValue, type Row, readFlag, readNumber, type SqlValue } from '../sql/values.ts'
import { createApplier, readHead } from './apply.ts'
import { claimDueDeliveries, listDueWebhooks } from './claim.ts'
import { type Database, openDatabase } from './database.ts'
import { prepareFile } from './file.ts'
import { createGroupCommit } from './group-commit.ts'
import { migrate } from './migrate.ts'
import { type Patience, patiently, usualPatience } from './patience.ts'
import { prepareStatements } from './prepare.ts'
import { removeLeftovers } from './remove.ts'
import { createScrubber } from './scrub.ts'

export interface SqliteStore extends Store {
  /** Finishes what was asked for before; whatever comes later throws `UnavailableError`. */
  close(): Promise<void>
  /** Another number after another process wrote; the same after a commit of this store. */
  dataVersion(): number
  /** Writes something of no meaning. Throws `UnavailableError` where nothing can be written, as on a full disk. */
  checkWritable(): Promise<void>
}

export interface SqliteStoreOptions {
  /** The database file; it and its folder are made if they are missing. */
  readonly file: string
  /** How long to wait while another process writes; some seconds. */
  readonly patience?: Patience
}

/**
 * The store of one machine: an SQLite file, durable at every answer. Several processes may have it open and write.
 * Throws `UnavailableError` where the file cannot be used, or where a newer program made the database.
 */
export const openSqliteStore = async ({
  file,
  patience = usualPatience,
}: SqliteStoreOptions): Promise<SqliteStore> => {
  prepareFile(file)
  const database = await patiently(patience, () => openDatabase(resolve(file)))
  try {
    await migrate(database, readMigrations(), patience)
    return createStore(database, patience)
  } catch (error) {
    database.close()
    throw error
  }
}

const createStore = (database: Database, patience: Patience): SqliteStore => {
  const prepared = prepareStatements(database)
  const dataVersion = database.prepare('pragma data_version')
  const applier = createApplier(prepared)
  const scrubber = createScrubber(database)
  const groups = createGroupCommit<Conflict>({ database, patience, begun: applier.begin })
  let closing: Promise<void> | undefined

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
    commit: async (changes) => {
      needsOpen()
      const conflict = await groups.submit({ run: () => applier.apply(changes) })
      if (conflict) return refuse(conflict)
      scrubber.written(changes)
      await removeLeftovers(prepared, groups, changes)
      return done
    },

    token: (id) => find('token', [idValue(id)], readToken),
    standing: (id) => find('standing', [idValue(id)], readStanding),
    uniqueToken: ({ scopeId, hash }) => find('uniqueToken', [idValue(scopeId), hash], readToken),
    fingerprint: (scopeId, hash) => find('fingerprint', [idValue(scopeId), hash], readFingerprint),
    expiredTokens: (at, limit) => list('expiredTokens', [at, limit], readToken),
    deletedTokens: (before, limit) => list('deletedTokens', [before, limit], readToken),
    tokensEndingIn: (last4, tenantId, limit) =>
      tenantId === undefined
        ? list('tokensEndingIn', [last4, limit], readToken)
        : list('tokensOfTenantEndingIn', [last4, idValue(tenantId), limit], readToken),

    tenant: (id) => find('tenant', [idValue(id)], readTenant),
    tenantNamed: (name) => find('tenantNamed', [name], readTenant),
    tenants: () => list('tenants', [], readTenant),
    scope: (id) => find('scope', [idValue(id)], readScope),
    isLinked: async (scopeId, tenantId) =>
      (await find('isLinked', [idValue(scopeId), idValue(tenantId)], () => true)) ?? false,
    credential: (id) => find('credential', [idValue(id)], readCredential),
    credentials: (tenantId) =>
      tenantId === undefined
        ? list('credentials', [], readCredential)
        : list('credentialsOfTenant', [idValue(tenantId)], readCredential),
    destinations: (tenantId) => list('destinations', [idValue(tenantId)], readDestination),

    webhook: (id) => find('webhook', [idValue(id)], readWebhook),
    webhooks: (tenantId) =>
      tenantId === undefined
        ? list('webhooks', [], readWebhook)
        : list('webhooksOfTenant', [idValue(tenantId)], readWebhook),
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
    deadDeliveries: (tenantId, limit) =>
      tenantId === undefined
        ? list('deadDeliveries', [limit], readDeadDelivery)
        : list('deadDeliveriesOfTenant', [idValue(tenantId), limit], readDeadDelivery),
    outboxState: async () =>
      (await find('outboxState', [], readOutboxState)) ?? { waiting: 0, oldestAt: undefined, dead: 0 },

    idempotencyClaim: (name) => find('idempotencyClaim', [name], readClaim),
    bin: async (prefixes) => {
      for (const prefix of prefixes.toSorted((a, b) => b.length - a.length)) {
        const bin = await find('bin', [prefix], readBin)
        if (bin) return bin
      }
      return undefined
    },
    binTable: async () => (await find('binTable', [], readBinTable)) ?? { count: 0, at: undefined },

    keys: () => list('keys', [], readKey),
    keySet: () => find('keySet', [], readKeySet),
    isSealed: async () => {
      const sealed = await find('isSealed', [], (row) => readFlag(row, 'sealed'))
      // Precondition: the first migration writes the row. Without it nobody can say that the vault is open.
      if (sealed === undefined) throw new Error('the database does not say whether the vault is sealed')
      return sealed
    },

    auditHead: async () => {
      needsOpen()
      return readHead(prepared)
    },
    auditEntries: (afterSeq, limit) => list('auditEntries', [afterSeq, limit], readAuditEntry),
    checkpoints: () => list('checkpoints', [], readCheckpoint),
    lastCheckpoint: () => find('lastCheckpoint', [], readCheckpoint),
    auditAnchor: () => find('auditAnchor', [], readAnchor),
    auditShipments: () => list('auditShipments', [], readShipment),

    close: () => (closing ??= close()),
    dataVersion: () => {
      needsOpen()
      return readNumber(dataVersion.get() ?? {}, 'data_version')
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
  }
}
