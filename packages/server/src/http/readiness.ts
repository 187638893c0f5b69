import { auditRun } from '@cardkeep/core/audit/run'
import type { Clock, Readiness, Store } from '@cardkeep/core/ports'
import type { Log } from '../log/log.ts'

export interface ReadinessState extends Readiness {
  /** Why the vault cannot work now, or `undefined`. Tries to write, and so notices by itself when it can again. */
  check(): Promise<NotReady | undefined>
  setSealed(sealed: boolean): void
}

/** How long the database is taken to be writable after it was. */
const lookEveryMs = 1_000

export type NotReady = 'sealed' | 'database' | 'audit'

export const createReadiness = (
  store: Store & { checkWritable(): Promise<void> },
  clock: Clock,
  log: Log,
): ReadinessState => {
  let sealed = false
  let auditBroken = false
  let wroteAt = Number.NEGATIVE_INFINITY

  /** An outcome was lost: the log must say so before the vault may call itself ready again. */
  const mendAudit = async (): Promise<boolean> => {
    try {
      await store.commit([auditRun(clock.now(), 'audit.started', { after: 'an entry could not be written' })])
      return true
    } catch {
      return false
    }
  }

  return {
    auditFailed: () => {
      if (!auditBroken) log.error('audit.failed', {})
      auditBroken = true
    },
    isSealed: () => sealed,
    setSealed: (to) => {
      if (to !== sealed) log.warn(to ? 'vault.sealed' : 'vault.unsealed', {})
      sealed = to
    },
    check: async () => {
      if (sealed) return 'sealed'
      // Anyone may ask, and each look writes to the disk.
      if (!auditBroken && clock.monotonic() - wroteAt < lookEveryMs) return undefined
      try {
        await store.checkWritable()
      } catch {
        return 'database'
      }
      if (auditBroken && (await mendAudit())) auditBroken = false
      wroteAt = clock.monotonic()
      return auditBroken ? 'audit' : undefined
    },
  }
}
