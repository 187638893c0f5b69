import type { StoredClaim } from '@cardkeep/core/idempotency/claim'
import { type Row, readBase64, readBytes, readId, readNumber, readOptional, readTime } from './values.ts'

export const readClaim = (row: Row): StoredClaim => ({
  name: readBytes(row, 'name'),
  tenantId: readId(row, 'tenant_id'),
  digest: readBytes(row, 'digest'),
  claimId: readId(row, 'claim_id'),
  at: readTime(row, 'at'),
  reply: readOptional(row, 'status', () => ({
    status: readNumber(row, 'status'),
    sealedBody: readBase64(row, 'body'),
  })),
})
