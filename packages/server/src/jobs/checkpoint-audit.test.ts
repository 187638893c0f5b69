import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { createAuditLog } from '@cardkeep/testing/doubles/audit-log'
import { createKeyFixture } from '@cardkeep/testing/keys/fixture'
import { expect, test } from 'vitest'
import { createAuditSigner } from '../keys/audit-signer.ts'
import { checkpointAudit } from './checkpoint-audit.ts'

test('every chain is signed where it stands, and one that has not moved is not signed again', async () => {
  const records = createRecords()
  const clock = createFixedClock()
  const fixture = await createKeyFixture({ clock, ids: createCountingIds() })
  const log = createAuditLog()
  const [node, other] = [log.openNode(1), log.openNode(2)]
  const signed = async () => {
    await checkpointAudit(node, createAuditSigner(fixture.keyring), clock)
    return log.rows.checkpoints.map(({ chain, seq }) => [chain, seq])
  }
  await node.commit([records.audit(), records.audit()])
  // The last has begun and holds nothing that could be signed.
  expect(await signed()).toEqual([
    [0, 2],
    [1, 2],
  ])
  expect(await signed()).toHaveLength(2)
  await other.commit([records.audit()])
  expect(await signed()).toEqual([
    [0, 2],
    [1, 2],
    [2, 1],
  ])
})
