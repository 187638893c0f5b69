import { UnavailableError } from '@cardkeep/core/errors'
import { secondMs } from '@cardkeep/core/kernel/time'
import type { Clock, Readiness, Store } from '@cardkeep/core/ports'
import type { MemoryBackend } from '../ephemeral/memory/memory-backend.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { Meters } from './registry.ts'

export interface StateParts {
  readonly store: Pick<Store, 'outboxState' | 'auditHead' | 'lastCheckpoint' | 'auditShipments'>
  readonly keyring: Pick<Keyring, 'list'>
  readonly backend: Pick<MemoryBackend, 'count' | 'pastTheirTime'>
  readonly readiness: Pick<Readiness, 'isSealed'>
  readonly clock: Clock
  /** Where the audit log is shipped to, by name. */
  readonly sinks: readonly string[]
}

/** The sweep comes every second, and may come late on a machine that is busy. */
const graceMs = 5 * secondMs

/** Sets what is not counted as it happens but looked at when somebody asks. Reads a few rows, whatever the vault holds. */
export const readState = async (meters: Meters, parts: StateParts): Promise<void> => {
  const { backend, readiness } = parts
  meters.set('cardkeep_codes_held', {}, backend.count())
  meters.set('cardkeep_codes_past_their_time', {}, backend.pastTheirTime(graceMs))
  meters.set('cardkeep_sealed', {}, readiness.isSealed() ? 1 : 0)
  readKeys(meters, parts)
  for (const name of fromDatabase) meters.forget(name)
  try {
    await Promise.all([readOutbox(meters, parts), readAudit(meters, parts)])
    meters.set('cardkeep_scrape_complete', {}, 1)
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error
    for (const name of fromDatabase) meters.forget(name)
    meters.set('cardkeep_scrape_complete', {}, 0)
  }
}

const fromDatabase = [
  'cardkeep_outbox_waiting',
  'cardkeep_outbox_lag_seconds',
  'cardkeep_outbox_dead',
  'cardkeep_audit_unsigned_entries',
  'cardkeep_audit_checkpoint_age_seconds',
  'cardkeep_audit_unshipped_entries',
] as const

const readOutbox = async (meters: Meters, { store, clock }: StateParts): Promise<void> => {
  const { waiting, oldestAt, dead } = await store.outboxState()
  meters.set('cardkeep_outbox_waiting', {}, waiting)
  meters.set('cardkeep_outbox_dead', {}, dead)
  meters.set('cardkeep_outbox_lag_seconds', {}, oldestAt === undefined ? 0 : (clock.now() - oldestAt) / 1000)
}

const readAudit = async (meters: Meters, { store, clock, sinks }: StateParts): Promise<void> => {
  const [{ seq }, last, shipments] = await Promise.all([
    store.auditHead(),
    store.lastCheckpoint(),
    store.auditShipments(),
  ])
  const unsigned = seq - (last?.seq ?? 0)
  meters.set('cardkeep_audit_unsigned_entries', {}, unsigned)
  const age = unsigned === 0 || last === undefined ? 0 : (clock.now() - last.at) / 1000
  meters.set('cardkeep_audit_checkpoint_age_seconds', {}, age)
  for (const sink of sinks) {
    const shipped = shipments.find((shipment) => shipment.sink === sink)?.seq ?? 0
    meters.set('cardkeep_audit_unshipped_entries', { sink }, seq - shipped)
  }
}

/** There may be as many keys as tenants; of each purpose the one that is worst counts. */
const readKeys = (meters: Meters, { keyring, clock }: StateParts): void => {
  const now = clock.now()
  const active = keyring.list().filter(({ state }) => state === 'active')
  for (const [purpose, keys] of Map.groupBy(active, (key) => key.purpose)) {
    const created = keys.reduce((oldest, { createdAt }) => Math.min(oldest, createdAt), Infinity)
    const due = keys.reduce((first, { expiresAt }) => Math.min(first, expiresAt), Infinity)
    meters.set('cardkeep_key_age_seconds', { purpose }, (now - created) / 1000)
    meters.set('cardkeep_key_due_seconds', { purpose }, (due - now) / 1000)
  }
}
