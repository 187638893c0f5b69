import type { AuditChain } from '@cardkeep/core/audit/chain'
import type { Change, Conflict } from '@cardkeep/core/changes'
import type { Result } from '@cardkeep/core/kernel/result'
import type { Store } from '@cardkeep/core/ports'
import type { AuditStore } from '../doubles/audit-log.ts'
import type { Records } from './records.ts'

/** What a conformance test of a store works with; it is filled anew before each test. */
export interface Bench {
  readonly store: Store
  records: Records
  /** Another store on the same data, as another process would open it. */
  openAnother(): Promise<Store>
  /** Where the store under test writes its entries. */
  readonly chain: AuditChain
  /** Commits, and fails the test on a conflict. */
  put(...changes: readonly Change[]): Promise<void>
}

/** The same of a store that has nothing but the audit log. */
export interface AuditBench extends Omit<Bench, 'store' | 'openAnother'> {
  readonly store: AuditStore
  openAnother(): Promise<AuditStore>
}

export const made: Result<void, Conflict> = { ok: true, value: undefined }

export const conflict = (change: Change['type']): Result<void, Conflict> => ({
  ok: false,
  error: { type: 'Conflict', change },
})
