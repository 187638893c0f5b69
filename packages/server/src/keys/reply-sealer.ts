import type { RequestMark } from '@cardkeep/core/idempotency/mark'
import type { ReplySealer } from '@cardkeep/core/ports'
import { encodeFields } from './encode-fields.ts'
import { openEnvelope, readKeyVersion, type Sealing, sealEnvelope } from './envelope.ts'
import type { LoadedKey } from './key-snapshot.ts'
import { findSealingKey, type KeySource, type KeyWish, needOpeningKey } from './use-keys.ts'

/**
 * A reply is sealed under a key derived from the active idempotency key of the vault for the request that it answers, also
 * where that request has a claim under an earlier key besides: an earlier key seals nothing.
 */
export const createReplySealer = (keys: KeySource): ReplySealer => ({
  seal: (request, { status, body }) => {
    const key = findSealingKey(keys, wish)
    if (!key) throw new Error('no idempotency key of the vault is active')
    return { status, sealedBody: sealEnvelope(sealingOf(key, request, status), Buffer.from(body)) }
  },

  open: async (request, { status, sealedBody }) => {
    const key = await needOpeningKey(keys, wish, readKeyVersion(sealedBody))
    const plaintext = openEnvelope(sealingOf(key, request, status), sealedBody)
    try {
      return { status, body: plaintext.toString() }
    } finally {
      plaintext.fill(0)
    }
  },
})

const wish: KeyWish = { purpose: 'idempotency', owner: { type: 'vault', id: '' }, environment: undefined }

/** The digest tells tenant, route, key and content, each of them. */
const sealingOf = ({ key, record }: LoadedKey, { digest }: RequestMark, status: number): Sealing => ({
  algorithm: 'derived',
  key,
  keyVersion: record.version,
  // purpose, owner, field, request, status
  context: encodeFields('idempotency', 'vault', 'reply', Buffer.from(digest).toString('hex'), String(status)),
})
