import { createHmac } from 'node:crypto'
import { idOfBytes, type ScopeId, type TenantId, type TokenId } from '@cardkeep/core/kernel/ids'
import { encodeFields } from './encode-fields.ts'
import type { Keyring } from './keyring.ts'

/** Names what was captured without telling anything of it. */
export interface CaptureHash {
  /**
   * 32 bytes: the same for the same text of a tenant, for whichever of its capture keys it was encrypted. One message can
   * be for several.
   */
  mark(tenantId: TenantId, text: Uint8Array): Uint8Array
  /** Of the token that a capture with this mark makes in a scope. */
  tokenIdIn(scopeId: ScopeId, mark: Uint8Array): TokenId
}

/**
 * HMAC-SHA-256 under the vault's code key: the oldest that still opens, as for the names of codes, because every node must
 * call one capture by one name, before and after a rotation.
 */
export const createCaptureHash = (keys: Pick<Keyring, 'vaultKeys'>): CaptureHash => {
  const hashOf = (fields: readonly string[], bytes: Uint8Array): Buffer => {
    const oldest = keys.vaultKeys('code').usable.at(-1)
    if (!oldest) throw new Error('no key for the marks of captured cards')
    // The fields say where they end, so that no two lists of them and bytes are the same.
    return createHmac('sha256', oldest.key)
      .update(encodeFields(...fields))
      .update(bytes)
      .digest()
  }
  return {
    mark: (tenantId, text) => hashOf(['captured card', tenantId], text),
    tokenIdIn: (scopeId, mark) => {
      const bytes = hashOf(['captured token', scopeId], mark).subarray(0, 16)
      // In the form of a version 4 UUID (RFC 9562, 5.4), as every id has.
      bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
      bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
      const id = idOfBytes<TokenId>(bytes)
      if (!id) throw new Error('an id of a captured card that is none')
      return id
    },
  }
}
