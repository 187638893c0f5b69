import type { StoredClaim } from '@cardkeep/core/idempotency/claim'
import { type Row, readBytes, readId, readNumber, readOptional, readText, readTime } from './values.ts'

export const readClaim = (row: Row): StoredClaim => ({
  name: readBytes(row, 'name'),
  tenantId: readId(row, 'tenant_id'),
  digest: readBytes(row, 'digest'),
  claimId: readId(row, 'claim_id'),
  at: readTime(row, 'at'),
  reply: readOptional(row, 'status', () => ({
    status: readNumber(row, 'status'),
    body: readText(row, 'body'),
  })),
})
