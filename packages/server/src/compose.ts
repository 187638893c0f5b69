import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import type { Change } from '@cardkeep/core/changes'
import type { Dialect as DialectName } from '@cardkeep/core/codes/policy'
import type { Destination } from '@cardkeep/core/destinations/destination'
import { purgeClaims } from '@cardkeep/core/idempotency/purge-claims'
import type { Secret } from '@cardkeep/core/kernel/secret'
import { type EpochMs, hourMs, minuteMs, secondMs } from '@cardkeep/core/kernel/time'
import { disableIdleCredentials } from '@cardkeep/core/operations/disable-idle-credentials'
import { purgeDeadDeliveries } from '@cardkeep/core/operations/replay-delivery'
import { sweepTokens } from '@cardkeep/core/operations/sweep-tokens'
import type { Clock, Ids, KeyMaker, Readiness, Store } from '@cardkeep/core/ports'
import { randomIds, systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { ozura } from './dialects/ozura/routes.ts'
import { openByteStream } from './egress/byte-stream.ts'
import { createEgress } from './egress/egress.ts'
import { createCodeStore } from './ephemeral/code-store.ts'
import { createGuessLimits } from './ephemeral/memory/guess-limits.ts'
import { createMemoryBackend } from './ephemeral/memory/memory-backend.ts'
import { createAccess } from './http/access.ts'
import type { Dialect } from './http/dialect.ts'
import { createInFlight } from './http/in-flight.ts'
import { createListener, listen, reloadTls } from './http/listener.ts'
import { createLockouts } from './http/lockouts.ts'
import { type MetricsServer, serveMetrics } from './http/metrics-server.ts'
import { createReadiness } from './http/readiness.ts'
import { createRefusalNotes } from './http/refusal-notes.ts'
import { checkpointAudit } from './jobs/checkpoint-audit.ts'
import { createFollower, followEveryMs } from './jobs/follow-database.ts'
import { createDropFollower, followDrops } from './jobs/follow-drops.ts'
import { startJobs } from './jobs/jobs.ts'
import { createCertificateWatch } from './jobs/reload-certificate.ts'
import { type AuditSigner, createAuditSigner } from './keys/audit-signer.ts'
import { createCardCipher } from './keys/card-cipher.ts'
import { type ClientKeySealer, createClientKeySealer } from './keys/client-key-sealer.ts'
import { createCodeSealer } from './keys/code-sealer.ts'
import { type CredentialHasher, createCredentialHasher } from './keys/credential-hasher.ts'
import { createRequestMarker } from './keys/idempotency-hasher.ts'
import { createKeyring, type Keyring } from './keys/keyring.ts'
import { createProviderHeaderSealer, type ProviderHeaderSealer } from './keys/provider-header-sealer.ts'
import { openFileRootKey } from './keys/providers/file.ts'
import { createWebhookSealer, type WebhookSealer } from './keys/webhook-sealer.ts'
import type { Log } from './log/log.ts'
import { createMetricsPage } from './metrics/metrics.ts'
import type { StateParts } from './metrics/read-state.ts'
import type { Meters } from './metrics/registry.ts'
import { createWatch, watchNothing } from './metrics/watch.ts'
import type { Services } from './services.ts'
import { createShipping } from './shipping/shipping.ts'
import { createDirectory } from './storage/directory.ts'
import { lockFolder } from './storage/sqlite/lock.ts'
import { openSqliteStore, type SqliteStore } from './storage/sqlite/store.ts'
import { createOutbox, type Outbox, webhookEgress } from './webhooks/outbox.ts'
import { watchEvents } from './webhooks/watch-events.ts'

/** The vault without its door: a store and keys. A command needs no more, and a server is built on it. */
export interface Vault {
  readonly config: Config
  readonly store: SqliteStore
  readonly keyring: Keyring
  readonly credentials: CredentialHasher
  readonly clientKeys: ClientKeySealer
  readonly providerHeaders: ProviderHeaderSealer
  readonly webhookSecrets: WebhookSealer
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
      providerHeaders: createProviderHeaderSealer(keyring),
      webhookSecrets: createWebhookSealer(keyring),
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
  /** Where its metrics are, if anywhere. */
  readonly metricsUrl: string | undefined
  /** Takes no more requests, finishes those in flight, signs the audit log and closes everything. */
  stop(): Promise<void>
}

/** Every API that there is; the settings say which of them are offered. */
export const dialects: Partial<Record<DialectName, Dialect>> = { ozura }

/** Opens the door and starts the jobs that a running vault needs. One process serves a data folder. */
export const serveVault = async (vault: Vault, log: Log): Promise<ServingVault> => {
  const { config, keyring, clock, ids } = vault
  // Its library is large: only a vault that is asked for metrics pays for it.
  const meters = config.metrics && (await import('./metrics/registry.ts')).createMeters()
  const watch = meters ? createWatch(meters, clock) : watchNothing
  const store = watch.store(vault.store)
  const lock = lockFolder(config.dataFolder)
  const readiness = createReadiness(store, clock, log)
  const backend = watch.codes(createMemoryBackend({ clock, limitPerOwner: config.codesPerTenant }))
  const held = createCodeStore(createCodeSealer(keyring), backend)
  const drops = await createDropFollower(store, held)
  const codes = followDrops(held, drops)
  const guesses = createGuessLimits(clock)
  const egress = createEgress({
    openClientKey: (destination) => openClientKey(vault, destination),
    openHeader: ({ tenantId, id }, { name, sealedValue }) =>
      vault.providerHeaders.open({ tenantId, id, header: name }, sealedValue),
  })
  const directory = createDirectory(store)
  const outbox = createWebhookOutbox(vault, readiness, log)
  const services: Services = {
    store: watchEvents(directory.store, outbox.wake),
    codes,
    guesses,
    cipher: createCardCipher(keyring),
    egress: watch.egress(egress),
    clock,
    ids,
    readiness,
    marker: createRequestMarker(keyring),
  }
  const access = createAccess(
    services,
    vault.credentials,
    watch.lockouts(createLockouts(clock)),
    createRefusalNotes(clock),
  )
  const inFlight = createInFlight()
  const offered = config.dialects.flatMap((name) => dialects[name] ?? [])
  const app = createListener({
    config,
    dialects: offered,
    services,
    access,
    readiness,
    inFlight,
    log,
    answered: watch.answered,
  })
  const follow = createFollower({ store, keyring, directory, codes, drops, door: readiness })
  const checkpoint = () => checkpointAudit(store, vault.auditSigner, clock)
  const reload = createCertificateWatch(config.tls, () => {
    reloadTls(app, config.tls)
    log.info('tls.reloaded', {})
  })

  // Sinks and webhooks are chosen by others than who asks for forwards, and none may hold up the other.
  const shipping = createShipping(
    { store, clock, log, egress, openStream: openByteStream },
    config.auditSinks,
  )

  await follow()
  await store.commit([vaultAudit(clock.now(), 'audit.started')])
  const metrics = await openMetrics(config, meters, log, {
    ...{ store, keyring, backend, readiness, clock },
    sinks: config.auditSinks.map(({ name }) => name),
  })
  const url = await listen(app, config)
  const jobs = startJobs(
    [
      { name: 'expire codes', everyMs: secondMs, run: async () => void backend.sweep() },
      { name: 'forget guesses', everyMs: minuteMs, run: async () => void guesses.sweep() },
      { name: 'follow the database', everyMs: followEveryMs, run: follow },
      { name: 'sweep tokens', everyMs: minuteMs, run: async () => void (await sweepTokens(services)) },
      { name: 'sign the audit log', everyMs: minuteMs, run: checkpoint },
      {
        name: 'disable idle credentials',
        everyMs: hourMs,
        run: async () => void (await disableIdleCredentials({ store: directory.store, clock })),
      },
      { name: 'reload the certificate', everyMs: 5 * secondMs, run: reload },
      { name: 'purge idempotency keys', everyMs: minuteMs, run: () => purgeClaims({ store, clock }) },
      { name: 'purge dead deliveries', everyMs: hourMs, run: () => purgeDeadDeliveries({ store, clock }) },
      ...shipping.jobs,
    ],
    log,
  )
  outbox.start()

  return {
    url,
    metricsUrl: metrics?.url,
    stop: async () => {
      // What is told from here on waits for the next start.
      const delivered = outbox.stop()
      await app.close()
      // A caller that went away does not end what was begun for it, and its outcome belongs in the log.
      await inFlight.settled()
      await jobs.stop()
      await metrics?.close()
      await codes.dropAll()
      await delivered
      try {
        await store.commit([vaultAudit(clock.now(), 'audit.stopped')])
        await checkpoint()
        await shipping.finish()
      } finally {
        await egress.close()
        // Outcomes of the last forwards may still wait to be written; closing waits for them.
        await vault.close()
        lock.release()
      }
    },
  }
}

const openMetrics = async (
  { metrics }: Config,
  meters: Meters | undefined,
  log: Log,
  parts: StateParts,
): Promise<MetricsServer | undefined> =>
  metrics && meters && serveMetrics({ ...metrics, page: createMetricsPage(meters, parts), log })

const openClientKey = async ({ clientKeys }: Vault, destination: Destination): Promise<Secret<string>> => {
  // Precondition: egress asks only for destinations that have a client certificate.
  if (!destination.client) throw new Error('a destination without a client key was asked for one')
  return clientKeys.open(destination, destination.client.sealedKey)
}

/** Deliveries have connections of their own: a slow receiver holds up no forward, and gets less patience. */
const createWebhookOutbox = (vault: Vault, readiness: Readiness, log: Log): Outbox => {
  const { store, clock, webhookSecrets } = vault
  const egress = createEgress({ ...webhookEgress, openClientKey: openNothing, openHeader: openNothing })
  const outbox = createOutbox({
    store,
    egress,
    clock,
    log,
    openSecret: (webhook) => webhookSecrets.open(webhook, webhook.sealedSecret),
    chance: () => randomInt(2 ** 32) / 2 ** 32,
    isSealed: readiness.isSealed,
  })
  return {
    ...outbox,
    stop: async () => {
      await outbox.stop()
      await egress.close()
    },
  }
}

/** Precondition: a webhook has neither a client key nor sealed headers. */
const openNothing = async (): Promise<never> => {
  throw new Error('a webhook was asked for a client key or a header')
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
