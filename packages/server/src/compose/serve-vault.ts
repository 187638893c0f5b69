import { auditRun } from '@cardkeep/core/audit/run'
import { createCodeStore } from '../ephemeral/code-store.ts'
import { createGuessLimits } from '../ephemeral/memory/guess-limits.ts'
import { createMemoryBackend } from '../ephemeral/memory/memory-backend.ts'
import { createAccess } from '../http/access.ts'
import { createInFlight } from '../http/in-flight.ts'
import { createListener, listen, reloadTls } from '../http/listener.ts'
import { createLockouts } from '../http/lockouts.ts'
import { serveMetrics } from '../http/metrics-server.ts'
import { createReadiness } from '../http/readiness.ts'
import { createRefusalNotes } from '../http/refusal-notes.ts'
import { checkpointAudit } from '../jobs/checkpoint-audit.ts'
import { createFollower } from '../jobs/follow-database.ts'
import { createDropFollower, followDrops } from '../jobs/follow-drops.ts'
import { startJobs } from '../jobs/jobs.ts'
import { createCertificateWatch } from '../jobs/reload-certificate.ts'
import { createCardCipher } from '../keys/card-cipher.ts'
import { createCodeSealer } from '../keys/code-sealer.ts'
import { createRequestMarker } from '../keys/idempotency-hasher.ts'
import type { Log } from '../log/log.ts'
import { createMetricsPage } from '../metrics/metrics.ts'
import { createWatch, watchNothing } from '../metrics/watch.ts'
import type { Services } from '../services.ts'
import { createDirectory } from '../storage/directory.ts'
import { lockFolder } from '../storage/sqlite/lock.ts'
import { watchEvents } from '../webhooks/watch-events.ts'
import { createAuditShipping } from './audit-shipping.ts'
import { dialects } from './dialects.ts'
import { createForwardEgress } from './forward-egress.ts'
import { listJobs } from './jobs.ts'
import type { Vault } from './open-vault.ts'
import { createWebhookOutbox } from './webhook-outbox.ts'

/** A vault with its door open. */
export interface ServingVault {
  /** Where it listens, as a URL. */
  readonly url: string
  /** Where its metrics are, if anywhere. */
  readonly metricsUrl: string | undefined
  /** Takes no more requests, finishes those in flight, signs the audit log and closes everything. */
  stop(): Promise<void>
}

/** Opens the door and starts the jobs that a running vault needs. One process serves a data folder. */
export const serveVault = async (vault: Vault, log: Log): Promise<ServingVault> => {
  const { config, keyring, clock, ids } = vault
  // Its library is large: only a vault that is asked for metrics pays for it.
  const meters = config.metrics && (await import('../metrics/registry.ts')).createMeters()
  const watch = meters ? createWatch(meters, clock) : watchNothing
  const store = watch.store(vault.store)
  const lock = lockFolder(config.dataFolder)
  const readiness = createReadiness(store, clock, log)

  const backend = watch.codes(createMemoryBackend({ clock, limitPerOwner: config.codesPerTenant }))
  const held = createCodeStore(createCodeSealer(keyring), backend)
  const drops = await createDropFollower(store, held)
  const codes = followDrops(held, drops)
  const guesses = createGuessLimits(clock)
  const egress = createForwardEgress(vault)
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

  const lockouts = watch.lockouts(createLockouts(clock))
  const inFlight = createInFlight()
  const app = createListener({
    config,
    dialects: config.dialects.flatMap((name) => dialects[name] ?? []),
    services,
    access: createAccess(services, vault.credentials, lockouts, createRefusalNotes(clock)),
    readiness,
    inFlight,
    log,
    answered: watch.answered,
  })

  const follow = createFollower({ store, keyring, directory, codes, drops, door: readiness })
  const checkpoint = () => checkpointAudit(store, vault.auditSigner, clock)
  const reloadCertificate = createCertificateWatch(config.tls, () => {
    reloadTls(app, config.tls)
    log.info('tls.reloaded', {})
  })
  const shipping = createAuditShipping({ store, clock, log }, config)

  await follow()
  await store.commit([auditRun(clock.now(), 'audit.started')])
  const sinks = config.auditSinks.map(({ name }) => name)
  const metrics =
    config.metrics &&
    meters &&
    (await serveMetrics({
      ...config.metrics,
      page: createMetricsPage(meters, { store, keyring, backend, readiness, clock, sinks }),
      log,
    }))
  const url = await listen(app, config)
  const jobs = startJobs(
    [...listJobs({ services, backend, guesses, follow, checkpoint, reloadCertificate }), ...shipping.jobs],
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
      shipping.hurry()
      await jobs.stop()
      await metrics?.close()
      await codes.dropAll()
      await delivered
      try {
        await store.commit([auditRun(clock.now(), 'audit.stopped')])
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
