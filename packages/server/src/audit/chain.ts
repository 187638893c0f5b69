import { hash } from 'node:crypto'
import type { AuditChain } from '@cardkeep/core/audit/chain'
import { type AuditEntry, writeEntry } from '@cardkeep/core/audit/entry'
import type { AuditHead, StoredAuditEntry } from '@cardkeep/core/ports'

/** What a chain holds before its first entry: its number, so that no entry can be moved to another chain. */
export const emptyHead = (chain: AuditChain): AuditHead => {
  const hash = new Uint8Array(32)
  new DataView(hash.buffer).setBigUint64(24, BigInt(chain))
  return { chain, seq: 0, hash }
}

/** The entry that follows `head`: one further, hashed together with the hash before it. */
export const linkEntry = (head: Pick<AuditHead, 'seq' | 'hash'>, entry: AuditEntry): StoredAuditEntry => {
  const seq = head.seq + 1
  const text = writeEntry(seq, entry)
  return { seq, text, hash: chainHash(head.hash, text) }
}

/** SHA-256 of the hash before and of the entry's text in UTF-8. */
export const chainHash = (previous: Uint8Array, text: string): Buffer =>
  hash('sha256', Buffer.concat([previous, Buffer.from(text)]), 'buffer')
