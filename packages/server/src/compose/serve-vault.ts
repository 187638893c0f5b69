import { auditRun } from '@cardkeep/core/audit/run'
import { createCaptures } from '../captures/captures.ts'
import { randomDraws, systemClock } from '../clock.ts'
import type { Config } from '../config.ts'
import { createCaptureMarks } from '../ephemeral/capture-marks.ts'
import { createCodeStore } from '../ephemeral/code-store.ts'
import { createSessionStore } from '../ephemeral/session-store.ts'
import { framePages } from '../frames/pages.ts'
import { createAccess } from '../http/access.ts'
import { createInFlight } from '../http/in-flight.ts'
import { createListener, listen, reloadTls } from '../http/listener.ts'
import { serveMetrics } from '../http/metrics-server.ts'
import { createCredentialProver, proveClientsOf } from '../http/prove-credential.ts'
import { createReadiness } from '../http/readiness.ts'
import { createRefusalNotes } from '../http/refusal-notes.ts'
import { createRotator } from '../issuing/rotator.ts'
import { checkpointAudit } from '../jobs/checkpoint-audit.ts'
import { createFollower } from '../jobs/follow-database.ts'
import { createDropFollower, followDrops } from '../jobs/follow-drops.ts'
import { createSchemaFollower } from '../jobs/follow-schema.ts'
import { startJobs } from '../jobs/jobs.ts'
import { createCertificateWatch } from '../jobs/reload-certificate.ts'
import { createAccessKeySealer } from '../keys/access-key-sealer.ts'
import { createCaptureHash } from '../keys/capture-hash.ts'
import { createCapturePrivateSealer } from '../keys/capture-private-sealer.ts'
import { createCardCipher } from '../keys/card-cipher.ts'
import { createCodeSealer } from '../keys/code-sealer.ts'
import { createCvvDeriver } from '../keys/cvv-deriver.ts'
import { createRequestMarker } from '../keys/idempotency-hasher.ts'
import { createIssuedCardCipher } from '../keys/issued-card-cipher.ts'
import { createNameHash } from '../keys/name-hash.ts'
import { createNetworkTokenCipher } from '../keys/network-token-cipher.ts'
import { createReplySealer } from '../keys/reply-sealer.ts'
import { createSessionKeySealer } from '../keys/session-key-sealer.ts'
import { createSessionKeys } from '../keys/session-keys.ts'
import { createSessionSealer } from '../keys/session-sealer.ts'
import type { Log } from '../log/log.ts'
import { noteFull } from '../log/note-full.ts'
import { noteOutages } from '../log/note-outages.ts'
import { createMetricsPage } from '../metrics/metrics.ts'
import { createWatch, watchNothing } from '../metrics/watch.ts'
import { createPassport } from '../passport/passport.ts'
import type { Services } from '../services.ts'
import { createDirectory } from '../storage/directory.ts'
import { watchEvents } from '../webhooks/watch-events.ts'
import { createAuditShipping } from './audit-shipping.ts'
import { awaitBackend } from './await-backend.ts'
import { createDialects } from './dialects.ts'
import { createForwardEgress } from './forward-egress.ts'
import { listJobs } from './jobs.ts'
import { openEphemeral } from './open-ephemeral.ts'
import { openVault, type Vault } from './open-vault.ts'
import { takePlace } from './take-place.ts'
import { createWebhookOutbox } from './webhook-outbox.ts'

/** A vault with its door open. */
export interface ServingVault {
  /** Where it listens, as a URL. */
  readonly url: string
  /** Where its metrics are, if anywhere. */
  readonly metricsUrl: string | undefined
  /** Resolves if another process serves in its place: it must stop. */
  readonly lost: Promise<void>
  /** Resolves if the database needs a newer program: it must stop. */
  readonly outgrown: Promise<void>
  /** Says that it is not ready any more, and serves on: whoever spreads requests is to find another node first. */
  announceStop(): void
  /** Takes no more requests, finishes those in flight, signs the audit log and closes everything. */
  stop(): Promise<void>
}

/** Opens database and keys for what serves, and waits for a server of a database that is still on its way. */
export const openForServing = (config: Config, log: Log): Promise<Vault> => {
  const open = () => openVault(config, 'serve')
  return config.database.type === 'sqlite'
    ? open()
    : awaitBackend(open, { backend: 'database', log, clock: systemClock })
}

/** Closes what was opened before, in the order in which it is to be closed. */
type Closing = (() => Promise<void>)[]

/** Opens the door and starts the jobs that a running vault needs. If that fails, the vault is closed. */
export const serveVault = async (vault: Vault, log: Log): Promise<ServingVault> => {
  const closing: Closing = [() => vault.close()]
  try {
    return await open(vault, log, closing)
  } catch (error) {
    // Why it was not opened says more than what went wrong on the way back.
    await closeAll(closing).catch(() => undefined)
    throw error
  }
}

/** All of them, also where one fails; throws the first failure. */
const closeAll = async (closing: Closing): Promise<void> => {
  const failures: unknown[] = []
  for (const close of closing) await close().catch((error: unknown) => failures.push(error))
  if (failures.length > 0) throw failures[0]
}

const open = async (vault: Vault, log: Log, closing: Closing): Promise<ServingVault> => {
  const { config, keyring, clock, ids } = vault
  // The only dialect that has capture sessions.
  const asksBrowsers = config.dialects.includes('hellgate')
  // Its library is large: only a vault that is asked for metrics pays for it.
  const meters = config.metrics && (await import('../metrics/registry.ts')).createMeters()
  const watch = meters ? createWatch(meters, clock) : watchNothing

  const place = await takePlace(vault)
  // After everything that may still be written.
  closing.push(() => place.leave())
  const ephemeral = await awaitBackend(() => openEphemeral(vault, watch), { backend: 'codes', log, clock })
  closing.unshift(() => ephemeral.close())

  const store = watch.store(vault.store)
  const lookAtCodes = noteOutages('codes', () => ephemeral.check(), { log, clock })
  const readiness = createReadiness({ store, checkCodes: lookAtCodes, clock, log })
  const held = createCodeStore(createCodeSealer(keyring), ephemeral.codes)
  const drops = ephemeral.isShared ? undefined : await createDropFollower(store, held)
  const codes = drops && place.isLookFree ? followDrops(held, drops) : held
  const sessions = createSessionStore(createSessionSealer(keyring), ephemeral.sessions)
  const sessionKeys = createSessionKeys({
    sealer: createSessionKeySealer(keyring),
    shared: ephemeral.sessionKeys,
    clock,
  })
  const captures = createCaptures({
    sealer: createCapturePrivateSealer(keyring),
    hash: createCaptureHash(keyring),
    workers: config.captureWorkers,
    clock,
  })
  closing.unshift(() => captures.dropAll())
  const egress = createForwardEgress(vault)
  closing.unshift(() => egress.close())
  const directory = createDirectory(store, clock)
  const outbox = createWebhookOutbox(vault, readiness, log)
  const cvvs = createCvvDeriver(keyring)
  closing.unshift(async () => cvvs.dropAll())
  const lockouts = watch.lockouts(ephemeral.lockouts)
  const prover = createCredentialProver(
    { store: directory.store, clock, readiness },
    vault.credentials,
    lockouts,
    createRefusalNotes(clock),
  )
  const services: Services = {
    store: watchEvents(directory.store, outbox.wake),
    codes,
    guesses: ephemeral.guesses,
    sessions,
    sessionKeys,
    cipher: createCardCipher(keyring),
    captures,
    captureKeyMaker: vault.operatorPorts.captureKeyMaker,
    captureMarks: createCaptureMarks(createNameHash(keyring), ephemeral.marks, noteFull(log, clock)),
    networkTokens: vault.operatorPorts.networkTokens,
    networkTokenCipher: createNetworkTokenCipher(keyring),
    issuedCards: createIssuedCardCipher(keyring),
    cvvs,
    draws: randomDraws,
    pendingTries: ephemeral.tries,
    passport: createPassport({
      ...{ store: directory.store, sealer: createAccessKeySealer(keyring), clock },
      prove: proveClientsOf('pismo', prover),
    }),
    egress: watch.egress(egress),
    clock,
    ids,
    readiness,
    marker: createRequestMarker(keyring),
    replySealer: createReplySealer(keyring),
  }

  const inFlight = createInFlight()
  const dialects = createDialects(clock)
  const app = createListener({
    config,
    dialects: config.dialects.flatMap((name) => dialects[name] ?? []),
    pages: asksBrowsers ? framePages(services) : [],
    services,
    access: createAccess(services, prover),
    readiness,
    inFlight,
    log,
    answered: watch.answered,
  })

  const follow = createFollower({
    store: {
      isSealed: () => store.isSealed(),
      dataVersion: noteOutages('database', () => store.dataVersion(), { log, clock }),
    },
    ...{ keyring, directory, codes: held, sessions, sessionKeys, captures, cvvs, drops },
    ...{ door: readiness, clock },
  })
  const { promise: outgrown, resolve: onOutgrown } = Promise.withResolvers<void>()
  const followSchema = createSchemaFollower({ store: vault.store, log, onOutgrown })
  const checkpoint = () => checkpointAudit(store, vault.auditSigner, clock)
  const reloadCertificate = createCertificateWatch(config.tls, () => {
    reloadTls(app, config.tls)
    log.info('tls.reloaded', {})
  })
  const shipping = createAuditShipping({ store, clock, log }, config)

  await follow()
  await followSchema()
  await store.commit([auditRun(clock.now(), 'audit.started')])
  const sinks = config.auditSinks.map(({ name }) => name)
  const metrics =
    config.metrics &&
    meters &&
    (await serveMetrics({
      ...config.metrics,
      page: createMetricsPage(meters, { store, keyring, ephemeral, readiness, clock, sinks }),
      log,
    }))
  if (metrics) closing.unshift(() => metrics.close())
  // Those of the tenants that are there; of any that come later the first session has a pair made.
  const environments = new Set((await store.tenants()).map(({ environment }) => environment))
  const tendSessionKeys = async () => {
    // A sealed vault has none.
    if (!readiness.isSealed()) await sessionKeys.tend(environments)
  }
  const url = await listen(app, config)
  const jobs = startJobs(
    [
      ...listJobs({
        ...{ services, ephemeral, follow, followSchema, lookAtCodes, checkpoint, reloadCertificate },
        tendSessionKeys: asksBrowsers ? tendSessionKeys : undefined,
        tendCaptures: captures.tend,
      }),
      ...shipping.jobs,
    ],
    { duties: store, clock, log },
  )
  outbox.start()
  const rotator = createRotator({
    ...services,
    ...{ log, isSealed: readiness.isSealed, isBusy: inFlight.isAny, rotated: watch.rotated },
  })
  rotator.start()

  const stop = async (): Promise<void> => {
    readiness.setStopping()
    const rotated = rotator.stop()
    // What is told from here on waits for the next start.
    const delivered = outbox.stop()
    await app.close()
    // A caller that went away does not end what was begun for it, and its outcome belongs in the log.
    await inFlight.settled()
    shipping.hurry()
    await jobs.stop()
    // Other nodes still serve codes and sessions that are shared.
    if (!ephemeral.isShared) await Promise.all([held.dropAll(), sessions.dropAll(), sessionKeys.dropAll()])
    await Promise.all([delivered, rotated])
    try {
      // Outcomes of the last forwards may still wait to be written, and what waits is written in any order.
      await store.commit([])
      await store.commit([auditRun(clock.now(), 'audit.stopped')])
      await checkpoint()
      await shipping.finish()
    } finally {
      await closeAll(closing)
    }
  }
  let stopping: Promise<void> | undefined

  return {
    url,
    metricsUrl: metrics?.url,
    lost: place.lost,
    outgrown,
    announceStop: readiness.setStopping,
    stop: () => (stopping ??= stop()),
  }
}
