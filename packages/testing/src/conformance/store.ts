import type { Store } from '@cardkeep/core/ports'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { type Bench, made } from './bench.ts'
import { createRecords } from './records.ts'
import { auditConformance } from './store-audit.ts'
import { binConformance } from './store-bins.ts'
import { idempotencyConformance } from './store-idempotency.ts'
import { keyConformance } from './store-keys.ts'
import { listConformance } from './store-lists.ts'
import { outboxConformance } from './store-outbox.ts'
import { outboxLineConformance } from './store-outbox-lines.ts'
import { tenantConformance } from './store-tenants.ts'
import { tokenConformance } from './store-tokens.ts'

/** A store on data of its own, empty and ready. */
export interface OpenedStore {
  readonly store: Store
  /** Another store on the same data, as another process would open it. */
  openAnother(): Promise<Store>
  /** Closes every store that was opened. */
  close(): Promise<void>
}

/** What every store does, whatever it is made of. */
export const storeConformance = (name: string, openStore: () => Promise<OpenedStore>): void => {
  describe(`${name} is a store:`, () => {
    let opened: OpenedStore
    const bench: Bench = {
      get store() {
        return opened.store
      },
      records: createRecords(),
      openAnother: () => opened.openAnother(),
      put: async (...changes) => expect(await opened.store.commit(changes)).toEqual(made),
    }
    beforeEach(async () => {
      opened = await openStore()
      bench.records = createRecords()
    })
    afterEach(() => opened.close())

    listConformance(bench)
    tokenConformance(bench)
    tenantConformance(bench)
    outboxConformance(bench)
    outboxLineConformance(bench)
    idempotencyConformance(bench)
    binConformance(bench)
    keyConformance(bench)
    auditConformance(bench)
  })
}
