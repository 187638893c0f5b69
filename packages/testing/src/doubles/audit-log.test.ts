import { type AuditChain, mainChain } from '@cardkeep/core/audit/chain'
import { beforeEach, describe, expect } from 'vitest'
import { type AuditBench, made } from '../conformance/bench.ts'
import { createRecords } from '../conformance/records.ts'
import { auditConformance } from '../conformance/store-audit.ts'
import { type AuditLog, type AuditNode, createAuditLog } from './audit-log.ts'

/** The double is a store as far as the log goes: with one chain for all, or one for each node. */
describe.each<readonly [string, (count: number) => AuditChain]>([
  ['one chain', () => mainChain],
  ['a chain for each node', (count) => count],
])('the audit log in memory with %s:', (_, chainOf) => {
  let log: AuditLog
  let node: AuditNode
  let count = 0
  const bench: AuditBench & { records: AuditBench['records'] } = {
    get store() {
      return node
    },
    chain: chainOf(1),
    records: createRecords(),
    openAnother: async () => log.openNode(chainOf(++count)),
    put: async (...changes) => expect(await node.commit(changes)).toEqual(made),
  }
  beforeEach(() => {
    log = createAuditLog()
    count = 1
    node = log.openNode(chainOf(count))
    bench.records = createRecords()
  })

  auditConformance(bench)
})
