import { UnavailableError } from '@cardkeep/core/errors'
import { secondMs } from '@cardkeep/core/kernel/time'
import type { Clock, Readiness, Store } from '@cardkeep/core/ports'
import type { Ephemeral } from '../ephemeral/ephemeral.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { GaugeName } from './families.ts'
import type { Meters } from './registry.ts'

export interface StateParts {
  readonly store: Pick<
    Store,
    | 'outboxState'
    | 'oldestDueRotation'
    | 'countDueRotations'
    | 'auditChains'
    | 'auditHead'
    | 'lastCheckpoint'
    | 'auditShipments'
  >
  readonly keyring: Pick<Keyring, 'list'>
  readonly ephemeral: Pick<Ephemeral, 'count' | 'pastTheirTime'>
  readonly readiness: Pick<Readiness, 'isSealed'>
  readonly clock: Clock
  /** Where the audit log is shipped to, by name. */
  readonly sinks: readonly string[]
}

/** The sweep comes every second, and may come late on a machine that is busy. */
const graceMs = 5 * secondMs

/** Sets what is not counted as it happens but looked at when somebody asks. Reads a few rows, whatever the vault holds. */
export const readState = async (meters: Meters, parts: StateParts): Promise<void> => {
  meters.set('cardkeep_sealed', {}, parts.readiness.isSealed() ? 1 : 0)
  readKeys(meters, parts)
  const complete = await Promise.all([
    readBackend(meters, 'codes', fromCodes, () => readCodes(meters, parts)),
    readBackend(meters, 'database', fromDatabase, async () => {
      // One after the other: nothing may be told any more once one of them could not be read.
      await readOutbox(meters, parts)
      await readRotations(meters, parts)
      await readAudit(meters, parts)
    }),
  ])
  meters.set('cardkeep_scrape_complete', {}, complete.every(Boolean) ? 1 : 0)
}

/** Whether it could be read. What it would have told is left out where it could not. */
const readBackend = async (
  meters: Meters,
  backend: 'codes' | 'database',
  names: readonly GaugeName[],
  read: () => Promise<void>,
): Promise<boolean> => {
  for (const name of names) meters.forget(name)
  let isUp = true
  try {
    await read()
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error
    for (const name of names) meters.forget(name)
    isUp = false
  }
  meters.set('cardkeep_backend_up', { backend }, isUp ? 1 : 0)
  return isUp
}

const fromCodes = ['cardkeep_codes_held', 'cardkeep_codes_past_their_time'] as const

const readCodes = async (meters: Meters, { ephemeral }: StateParts): Promise<void> => {
  const [held, late] = await Promise.all([ephemeral.count(), ephemeral.pastTheirTime(graceMs)])
  meters.set('cardkeep_codes_held', {}, held)
  meters.set('cardkeep_codes_past_their_time', {}, late)
}

const fromDatabase = [
  'cardkeep_outbox_waiting',
  'cardkeep_outbox_lag_seconds',
  'cardkeep_outbox_dead',
  'cardkeep_cvv_rotations_due',
  'cardkeep_cvv_rotation_lag_seconds',
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

const readRotations = async (meters: Meters, { store, clock }: StateParts): Promise<void> => {
  const at = clock.now()
  const oldestAt = await store.oldestDueRotation(at, undefined)
  // The count may read much, and almost always there is nothing to count.
  const due = oldestAt === undefined ? 0 : await store.countDueRotations(at, undefined)
  meters.set('cardkeep_cvv_rotations_due', {}, due)
  meters.set('cardkeep_cvv_rotation_lag_seconds', {}, oldestAt === undefined ? 0 : (at - oldestAt) / 1000)
}

const readAudit = async (meters: Meters, { store, clock, sinks }: StateParts): Promise<void> => {
  const shipments = await store.auditShipments()
  const chains = await store.auditChains()
  const signed = await Promise.all(chains.map((chain) => store.lastCheckpoint(chain)))
  // After what was signed and shipped, so that neither can be ahead.
  const heads = await Promise.all(chains.map((chain) => store.auditHead(chain)))
  const unsigned = heads.map(({ seq }, at) => seq - (signed[at]?.seq ?? 0))
  meters.set('cardkeep_audit_unsigned_entries', {}, sum(unsigned))
  // Of a chain that is all signed it does not matter how long ago that was.
  const oldest = signed.reduce<number>(
    (earliest, last, at) => (last && unsigned[at] !== 0 ? Math.min(earliest, last.at) : earliest),
    clock.now(),
  )
  meters.set('cardkeep_audit_checkpoint_age_seconds', {}, (clock.now() - oldest) / 1000)
  for (const sink of sinks) {
    const shipped = shipments.filter((shipment) => shipment.sink === sink).map(({ seq }) => seq)
    meters.set('cardkeep_audit_unshipped_entries', { sink }, sum(heads.map(({ seq }) => seq)) - sum(shipped))
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)

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
