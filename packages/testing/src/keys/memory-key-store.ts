import type { AuditEntry } from '@cardkeep/core/audit/entry'
import type { Change, Conflict } from '@cardkeep/core/changes'
import { done, type Result, refuse } from '@cardkeep/core/kernel/result'
import type { KeyRecord, KeySet } from '@cardkeep/core/keys'
import type { KeyStore } from '@cardkeep/server/keys/load-keys'

/** What a database holds of keys, open to a test that plays the attacker. */
export interface KeyRows {
  records: KeyRecord[]
  keySet: KeySet | undefined
  audit: AuditEntry[]
}

export interface MemoryKeyStore extends KeyStore {
  readonly rows: KeyRows
  /** How often a count of seals was written. */
  reservations(): number
}

/** The part of a store that holds keys, in memory. Several keyrings on one of it are several processes on one database. */
export const createMemoryKeyStore = (
  rows: KeyRows = { records: [], keySet: undefined, audit: [] },
): MemoryKeyStore => {
  let reservations = 0
  return {
    rows,
    reservations: () => reservations,
    keys: async () => [...rows.records],
    keySet: async () => rows.keySet,
    commit: async (changes): Promise<Result<void, Conflict>> => {
      const draft: KeyRows = { records: [...rows.records], keySet: rows.keySet, audit: [...rows.audit] }
      for (const change of changes)
        if (!apply(draft, change)) return refuse({ type: 'Conflict', change: change.type })
      reservations += changes.filter(({ type }) => type === 'reserve-seals').length
      Object.assign(rows, draft)
      return done
    },
  }
}

/** `false` where the change finds something else than it expects. */
const apply = (rows: KeyRows, change: Change): boolean => {
  if (change.type === 'put-key') {
    if (rows.records.some(({ id }) => id === change.key.id)) return false
    rows.records.push(change.key)
    return true
  }
  if (change.type === 'set-key-state')
    return replace(rows, change.id, (key) => ({ ...key, state: change.state, wrapped: change.wrapped }))
  if (change.type === 'reserve-seals')
    return replace(rows, change.id, (key) =>
      key.reservedSeals < change.upTo ? { ...key, reservedSeals: change.upTo } : undefined,
    )
  if (change.type === 'put-key-set') {
    if (change.keySet.counter !== (rows.keySet?.counter ?? 0) + 1) return false
    rows.keySet = change.keySet
    return true
  }
  if (change.type !== 'audit') throw new Error(`this store holds keys only, not ${change.type}`)
  rows.audit.push(change.entry)
  return true
}

const replace = (rows: KeyRows, id: string, change: (key: KeyRecord) => KeyRecord | undefined): boolean => {
  const at = rows.records.findIndex((key) => key.id === id)
  const found = rows.records[at]
  const changed = found && change(found)
  if (!changed) return false
  rows.records[at] = changed
  return true
}
