import { type AuditChain, mainChain } from '@cardkeep/core/audit/chain'
import type { Store } from '@cardkeep/core/ports'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { type Bench, made } from './bench.ts'
import { createRecords } from './records.ts'
import { auditConformance } from './store-audit.ts'
import { binConformance } from './store-bins.ts'
import { captureKeyConformance } from './store-capture-keys.ts'
import { cardListConformance } from './store-card-lists.ts'
import { fingerprintConformance } from './store-fingerprints.ts'
import { idempotencyConformance } from './store-idempotency.ts'
import { issuedCardConformance } from './store-issued-cards.ts'
import { issuerConformance } from './store-issuers.ts'
import { keyConformance } from './store-keys.ts'
import { listConformance } from './store-lists.ts'
import { networkTokenConformance } from './store-network-tokens.ts'
import { originConformance } from './store-origins.ts'
import { outboxConformance } from './store-outbox.ts'
import { outboxLineConformance } from './store-outbox-lines.ts'
import { rotationConformance } from './store-rotations.ts'
import { tenantConformance } from './store-tenants.ts'
import { tokenConformance } from './store-tokens.ts'

/** A store on data of its own, empty and ready. */
export interface OpenedStore {
  readonly store: Store
  /** Where this store writes its entries; the main chain unless it says so. */
  readonly chain?: AuditChain
  /** Another store on the same data, as another process would open it. */
  openAnother(): Promise<Store>
  /** Closes every store that was opened. */
  close(): Promise<void>
}

const suites = {
  lists: listConformance,
  tokens: tokenConformance,
  'card tokens': cardListConformance,
  fingerprints: fingerprintConformance,
  'network tokens': networkTokenConformance,
  tenants: tenantConformance,
  'capture keys': captureKeyConformance,
  origins: originConformance,
  outbox: outboxConformance,
  lines: outboxLineConformance,
  idempotency: idempotencyConformance,
  bins: binConformance,
  issuers: issuerConformance,
  'issued cards': issuedCardConformance,
  rotations: rotationConformance,
  keys: keyConformance,
  audit: auditConformance,
} as const satisfies Readonly<Record<string, (bench: Bench) => void>>

type StoreSuite = keyof typeof suites

/** What every store does, whatever it is made of. All of it, or `only` what may be otherwise in another use of one store. */
export const storeConformance = (
  name: string,
  openStore: () => Promise<OpenedStore>,
  only?: readonly StoreSuite[],
): void => {
  describe(`${name} is a store:`, () => {
    let opened: OpenedStore
    const bench: Bench = {
      get store() {
        return opened.store
      },
      get chain() {
        return opened.chain ?? mainChain
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

    for (const [suite, conform] of Object.entries(suites))
      if (!only || only.some((one) => one === suite)) conform(bench)
  })
}
