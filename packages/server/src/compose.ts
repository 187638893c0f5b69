import { join } from 'node:path'
import type { Change } from '@cardkeep/core/changes'
import type { Dialect as DialectName } from '@cardkeep/core/codes/policy'
import type { Destination } from '@cardkeep/core/destinations/destination'
import type { Secret } from '@cardkeep/core/kernel/secret'
import { type EpochMs, minuteMs, secondMs } from '@cardkeep/core/kernel/time'
import { sweepTokens } from '@cardkeep/core/operations/sweep-tokens'
import type { Clock, Ids, KeyMaker, Store } from '@cardkeep/core/ports'
import { randomIds, systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { ozura } from './dialects/ozura/routes.ts'
import { createEgress } from './egress/egress.ts'
import { createCodeStore } from './ephemeral/code-store.ts'
import { createMemoryBackend } from './ephemeral/memory/memory-backend.ts'
import { createAccess } from './http/access.ts'
import type { Dialect } from './http/dialect.ts'
import { createInFlight } from './http/in-flight.ts'
import { createListener, listen, reloadTls } from './http/listener.ts'
import { createLockouts } from './http/lockouts.ts'
import { createReadiness } from './http/readiness.ts'
import { createRefusalNotes } from './http/refusal-notes.ts'
import { checkpointAudit } from './jobs/checkpoint-audit.ts'
import { createFollower, followEveryMs } from './jobs/follow-database.ts'
import { startJobs } from './jobs/jobs.ts'
import { createCertificateWatch } from './jobs/reload-certificate.ts'
import { type AuditSigner, createAuditSigner } from './keys/audit-signer.ts'
import { createCardCipher } from './keys/card-cipher.ts'
import { type ClientKeySealer, createClientKeySealer } from './keys/client-key-sealer.ts'
import { createCodeSealer } from './keys/code-sealer.ts'
import { type CredentialHasher, createCredentialHasher } from './keys/credential-hasher.ts'
import { createKeyring, type Keyring } from './keys/keyring.ts'
import { openFileRootKey } from './keys/providers/file.ts'
import type { Log } from './log/log.ts'
import type { Services } from './services.ts'
import { createDirectory } from './storage/directory.ts'
import { lockFolder } from './storage/sqlite/lock.ts'
import { openSqliteStore, type SqliteStore } from './storage/sqlite/store.ts'

/** The vault without its door: a store and keys. A command needs no more, and a server is built on it. */
export interface Vault {
  readonly config: Config
  readonly store: SqliteStore
  readonly keyring: Keyring
  readonly credentials: CredentialHasher
  readonly clientKeys: ClientKeySealer
  readonly auditSigner: AuditSigner
  readonly clock: Clock
  readonly ids: Ids
  /** What the operations of operators are handed. */
  readonly operatorPorts: {
    readonly store: Store
    readonly clock: Clock
    readonly ids: Ids
    readonly keys: KeyMaker
  }
  close(): Promise<void>
}

/** Opens database and keys, making both on a first start. It may be open in several processes at once. */
export const openVault = async (config: Config): Promise<Vault> => {
  const clock = systemClock
  const ids = randomIds
  const file = join(config.dataFolder, 'cardkeep.db')
  const store = await openSqliteStore({ file })
  try {
    const provider = await openFileRootKey({
      path: config.rootKeyFile,
      forbiddenFolder: config.dataFolder,
      // A database with keys in it is never given a new root key: it could open none of them.
      mayCreate: (await store.keySet()) === undefined,
    })
    const keyring = await createKeyring({ store, provider, clock, ids })
    return {
      config,
      store,
      keyring,
      credentials: createCredentialHasher(keyring),
      clientKeys: createClientKeySealer(keyring),
      auditSigner: createAuditSigner(keyring),
      clock,
      ids,
      operatorPorts: { store, clock, ids, keys: keyring },
      close: () => store.close(),
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** A vault with its door open. */
export interface ServingVault {
  /** Where it listens, as a URL. */
  readonly url: string
  /** Takes no more requests, finishes those in flight, signs the audit log and closes everything. */
  stop(): Promise<void>
}

const dialects: Partial<Record<DialectName, Dialect>> = { ozura }

/** Opens the door and starts the jobs that a running vault needs. One process serves a data folder. */
export const serveVault = async (vault: Vault, log: Log): Promise<ServingVault> => {
  const { config, store, keyring, clock, ids } = vault
  const lock = lockFolder(config.dataFolder)
  const readiness = createReadiness(store, clock, log)
  const backend = createMemoryBackend({ clock, limitPerOwner: config.codesPerTenant })
  const codes = createCodeStore(createCodeSealer(keyring), backend)
  const egress = createEgress({ openClientKey: (destination) => openClientKey(vault, destination) })
  const directory = createDirectory(store)
  const services: Services = {
    store: directory.store,
    codes,
    cipher: createCardCipher(keyring),
    egress,
    clock,
    ids,
    readiness,
  }
  const access = createAccess(services, vault.credentials, createLockouts(clock), createRefusalNotes(clock))
  const inFlight = createInFlight()
  const offered = config.dialects.flatMap((name) => dialects[name] ?? [])
  const app = createListener({ config, dialects: offered, services, access, readiness, inFlight, log })
  const follow = createFollower({ store, keyring, directory, codes, door: readiness })
  const checkpoint = () => checkpointAudit(store, vault.auditSigner, clock)
  const reload = createCertificateWatch(config.tls, () => {
    reloadTls(app, config.tls)
    log.info('tls.reloaded', {})
  })

  await follow()
  await store.commit([vaultAudit(clock.now(), 'audit.started')])
  const url = await listen(app, config)
  const jobs = startJobs(
    [
      { name: 'expire codes', everyMs: secondMs, run: async () => void backend.sweep() },
      { name: 'follow the database', everyMs: followEveryMs, run: follow },
      { name: 'sweep tokens', everyMs: minuteMs, run: async () => void (await sweepTokens(services)) },
      { name: 'sign the audit log', everyMs: minuteMs, run: checkpoint },
      { name: 'reload the certificate', everyMs: 5 * secondMs, run: reload },
    ],
    log,
  )

  return {
    url,
    stop: async () => {
      await app.close()
      // A caller that went away does not end what was begun for it, and its outcome belongs in the log.
      await inFlight.settled()
      await jobs.stop()
      await codes.dropAll()
      await egress.close()
      try {
        await store.commit([vaultAudit(clock.now(), 'audit.stopped')])
        await checkpoint()
      } finally {
        // Outcomes of the last forwards may still wait to be written; closing waits for them.
        await vault.close()
        lock.release()
      }
    },
  }
}

const openClientKey = async ({ clientKeys }: Vault, destination: Destination): Promise<Secret<string>> => {
  // Precondition: egress asks only for destinations that have a client certificate.
  if (!destination.client) throw new Error('a destination without a client key was asked for one')
  return clientKeys.open(destination, destination.client.sealedKey)
}

const vaultAudit = (at: EpochMs, action: 'audit.started' | 'audit.stopped'): Change => ({
  type: 'audit',
  entry: {
    at,
    action,
    outcome: 'success',
    tenantId: undefined,
    actor: { type: 'vault', id: undefined },
    origin: undefined,
    requestId: undefined,
    subject: { type: 'audit', id: 'log' },
    details: {},
  },
})
