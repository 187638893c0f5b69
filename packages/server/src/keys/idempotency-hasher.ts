import { createHmac, type KeyObject } from 'node:crypto'
import { replyLifetimeMs } from '@cardkeep/core/idempotency/claim'
import type { KeyedRequest, RequestMark } from '@cardkeep/core/idempotency/mark'
import { openSecret } from '@cardkeep/core/kernel/secret'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import type { RequestMarker } from '@cardkeep/core/ports'
import { encodeFields } from './encode-fields.ts'
import type { LoadedKey } from './key-snapshot.ts'
import type { Keyring } from './keyring.ts'

/**
 * HMAC-SHA-256 under the vault's idempotency key. A request holds a card number, and a caller's key may be anything, so
 * neither may stand in the database as a hash that could be searched for (PCI DSS 3.5.1.1).
 */
export const createRequestMarker = (keys: Pick<Keyring, 'vaultKeys'>): RequestMarker => ({
  mark: (request) => {
    const { active, usable } = keys.vaultKeys('idempotency')
    if (!active) throw new Error('no idempotency key of the vault is active')
    return usable.filter(mayHaveClaims(request.at)).map(({ key }) => markUnder(key, request))
  },
})

/**
 * A rotation forgets no claim: whatever was claimed under an earlier key is looked for under it. The last was made when
 * the next younger key was, or a moment later by a process that had not noticed; twice the life of a claim covers both.
 */
const mayHaveClaims =
  (at: EpochMs) =>
  (_key: LoadedKey, index: number, usable: readonly LoadedKey[]): boolean => {
    const younger = usable[index - 1]
    return younger === undefined || younger.record.createdAt + 2 * replyLifetimeMs > at
  }

/** The digest holds the name too, so that two requests with one card have nothing in common. */
const markUnder = (key: KeyObject, { tenantId, route, key: text, content }: KeyedRequest): RequestMark => {
  const request = [tenantId, route, text]
  return {
    name: hashUnder(key, 'idempotency name', ...request),
    digest: hashUnder(key, 'idempotency digest', ...request, openSecret(content, 'fingerprint')),
  }
}

const hashUnder = (key: KeyObject, ...fields: readonly string[]): Buffer => {
  const bytes = encodeFields(...fields)
  try {
    return createHmac('sha256', key).update(bytes).digest()
  } finally {
    bytes.fill(0)
  }
}
