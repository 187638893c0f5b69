import { auditRun } from '@cardkeep/core/audit/run'
import type { Clock, Readiness, Store } from '@cardkeep/core/ports'
import type { Log } from '../log/log.ts'

export interface ReadinessState extends Readiness {
  /** Why the vault cannot work now, or `undefined`. Tries to write, and so notices by itself when it can again. */
  check(): Promise<NotReady | undefined>
  setSealed(sealed: boolean): void
  /** From now on whoever asks is sent elsewhere, while requests that come all the same are served. */
  setStopping(): void
}

/** How long what the vault needs is taken to work after it did. */
const lookEveryMs = 1_000

export type NotReady = 'stopping' | 'sealed' | 'database' | 'audit' | 'codes'

export interface ReadinessParts {
  readonly store: Store & { checkWritable(): Promise<void> }
  /** Throws where no code can be held or taken. */
  readonly checkCodes: () => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

export const createReadiness = ({ store, checkCodes, clock, log }: ReadinessParts): ReadinessState => {
  let stopping = false
  let sealed = false
  let auditBroken = false
  const canWrite = createLook(() => store.checkWritable(), clock)
  const canHoldCodes = createLook(checkCodes, clock)

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
    setStopping: () => {
      stopping = true
    },
    check: async () => {
      if (stopping) return 'stopping'
      if (sealed) return 'sealed'
      const [writes, holds] = await Promise.all([canWrite({ anew: auditBroken }), canHoldCodes()])
      if (!writes) return 'database'
      if (auditBroken && (await mendAudit())) auditBroken = false
      if (auditBroken) return 'audit'
      return holds ? undefined : 'codes'
    },
  }
}

/** Anyone may ask, and each look costs a write or a way to another machine: they share one, and for a while its answer. */
const createLook = (
  look: () => Promise<void>,
  clock: Pick<Clock, 'monotonic'>,
): ((wish?: { readonly anew: boolean }) => Promise<boolean>) => {
  let workedAt = Number.NEGATIVE_INFINITY
  let looking: Promise<boolean> | undefined
  const lookNow = async (): Promise<boolean> => {
    try {
      await look()
      workedAt = clock.monotonic()
      return true
    } catch {
      return false
    } finally {
      looking = undefined
    }
  }
  return async ({ anew } = { anew: false }) => {
    if (!anew && clock.monotonic() - workedAt < lookEveryMs) return true
    looking ??= lookNow()
    return looking
  }
}
