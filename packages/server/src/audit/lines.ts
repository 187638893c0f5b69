import type { AuditCheckpoint } from '@cardkeep/core/changes'
import type { KeyId } from '@cardkeep/core/kernel/ids'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { KeyRecord } from '@cardkeep/core/keys'
import type { StoredAuditEntry } from '@cardkeep/core/ports'
import type { LogStart } from './verify.ts'

/*
 * An audit log outside the vault is lines of JSON, and proves itself without the vault:
 *
 *   {"type":"audit","version":1,"public_keys":[{"key_id","spki"}],"after":{"seq","hash","archived"}}
 *   {"type":"checkpoint","seq","hash","at","key_id","signature"}
 *   {"type":"entry","seq","text","hash"}
 *
 * The first line is of type `audit`; entries are in order. `after` names the entry before the first one, and is absent
 * where the log begins at its beginning. `text` is the exact text that was hashed; hashes are hex, keys and
 * signatures base64.
 */

export type AuditLine = HeadLine | CheckpointLine | EntryLine

interface HeadLine {
  readonly type: 'audit'
  readonly version: 1
  readonly public_keys: readonly { readonly key_id: string; readonly spki: string }[]
  readonly after?: { readonly seq: number; readonly hash: string; readonly archived: boolean }
}

interface CheckpointLine {
  readonly type: 'checkpoint'
  readonly seq: number
  readonly hash: string
  readonly at: number
  readonly key_id: string
  readonly signature: string
}

interface EntryLine {
  readonly type: 'entry'
  readonly seq: number
  readonly text: string
  readonly hash: string
}

export const writeHead = (keys: readonly KeyRecord[], start: LogStart | undefined): string => {
  const line: HeadLine = {
    type: 'audit',
    version: 1,
    public_keys: keys
      .filter(({ purpose }) => purpose === 'audit')
      .map(({ id, publicKey }) => ({ key_id: id, spki: base64(publicKey ?? new Uint8Array()) })),
    ...(start && { after: { seq: start.seq, hash: hex(start.hash), archived: start.isArchived } }),
  }
  return JSON.stringify(line)
}

export const writeCheckpoint = ({ seq, hash, at, keyId, signature }: AuditCheckpoint): string => {
  const line: CheckpointLine = {
    type: 'checkpoint',
    seq,
    hash: hex(hash),
    at,
    key_id: keyId,
    signature: base64(signature),
  }
  return JSON.stringify(line)
}

export const writeEntryLine = ({ seq, text, hash }: StoredAuditEntry): string => {
  const line: EntryLine = { type: 'entry', seq, text, hash: hex(hash) }
  return JSON.stringify(line)
}

// The hashes and signatures, not this reader, decide whether what a line says is true.
export const parseLine = (text: string): AuditLine => JSON.parse(text) as AuditLine

export const readStartOf = ({ after }: HeadLine): LogStart | undefined =>
  after && { seq: after.seq, hash: unhex(after.hash), isArchived: after.archived }

export const readKeysOf = ({ public_keys }: HeadLine): readonly (readonly [string, Uint8Array])[] =>
  public_keys.map(({ key_id, spki }) => [key_id, unbase64(spki)])

export const toEntry = ({ seq, text, hash }: EntryLine): StoredAuditEntry => ({
  seq,
  text,
  hash: unhex(hash),
})

export const toCheckpoint = ({ seq, hash, at, key_id, signature }: CheckpointLine): AuditCheckpoint => ({
  seq,
  hash: unhex(hash),
  at: epochMs(at),
  keyId: key_id as KeyId,
  signature: unbase64(signature),
})

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const unhex = (text: string): Uint8Array => Buffer.from(text, 'hex')
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const unbase64 = (text: string): Uint8Array => Buffer.from(text, 'base64')
