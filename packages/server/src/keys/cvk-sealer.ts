import type { TenantId } from '@cardkeep/core/kernel/ids'
import { encodeFields } from './encode-fields.ts'
import { openEnvelope, readKeyVersion, type Sealing, sealEnvelope } from './envelope.ts'
import type { LoadedKey } from './key-snapshot.ts'
import { findOpeningKey, type KeySource, type KeyWish, needOpeningKey, needSealingKey } from './use-keys.ts'

/** Bytes of a pair of card verification keys, A and B after each other, or of one component of both. */
export const cvkBytes = 16

/** What the bytes are: the keys that derive, or one custodian's part of them. */
export type CvkPart =
  | { readonly type: 'pair'; readonly tenantId: TenantId }
  | { readonly type: 'component'; readonly tenantId: TenantId; readonly custodian: string }

/** Seals card verification keys as bytes, which are wiped: a text could not be. */
export interface CvkSealer {
  /** Wipes the bytes. */
  seal(part: CvkPart, bytes: Buffer): Promise<Uint8Array>
  /** The bytes, which the caller wipes. Throws if they were changed, or were sealed as another part. */
  open(part: CvkPart, sealed: Uint8Array): Promise<Buffer>
  /** Whether the key that opens it is there still. */
  canOpen(part: CvkPart, sealed: Uint8Array): boolean
}

export const createCvkSealer = (keys: KeySource): CvkSealer => ({
  seal: async (part, bytes) => {
    try {
      const key = await needSealingKey(keys, wishFor(part))
      return sealEnvelope(sealingOf(key, part), bytes)
    } finally {
      bytes.fill(0)
    }
  },
  open: async (part, sealed) => {
    const key = await needOpeningKey(keys, wishFor(part), readKeyVersion(sealed))
    const bytes = openEnvelope(sealingOf(key, part), sealed)
    if (bytes.length === cvkBytes) return bytes
    bytes.fill(0)
    throw new Error('what was sealed is no pair of card verification keys')
  },
  canOpen: (part, sealed) => findOpeningKey(keys, wishFor(part), readKeyVersion(sealed)) !== undefined,
})

const wishFor = ({ tenantId }: CvkPart): KeyWish => ({
  purpose: 'cvk',
  owner: { type: 'tenant', id: tenantId },
  environment: undefined,
})

const sealingOf = ({ key, record }: LoadedKey, part: CvkPart): Sealing => ({
  algorithm: 'direct',
  key,
  keyVersion: record.version,
  context: encodeFields(
    'cvk',
    record.environment ?? '',
    part.tenantId,
    part.type,
    ...(part.type === 'component' ? [part.custodian] : []),
  ),
})
