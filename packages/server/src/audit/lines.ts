import { type AuditChain, mainChain } from '@cardkeep/core/audit/chain'
import type { AuditCheckpoint } from '@cardkeep/core/changes'
import type { KeyId } from '@cardkeep/core/kernel/ids'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { KeyRecord } from '@cardkeep/core/keys'
import type { StoredAuditEntry } from '@cardkeep/core/ports'
import type { LogStart } from './verify-chain.ts'

/*
 * An audit log outside the vault is lines of JSON, and proves itself without the vault:
 *
 *   {"type":"audit","version":1,"chain","public_keys":[{"key_id","spki"}],"after":{"seq","hash","archived"},"chains","begins"}
 *   {"type":"checkpoint","chain","seq","hash","at","key_id","signature"}
 *   {"type":"entry","chain","seq","text","hash"}
 *
 * The first line is of type `audit`, and so is the first of each chain; entries of a chain are in order. `chain` is
 * absent in the main chain. `after` names the entry before the first one, and is absent where the chain begins at its
 * beginning. `chains` lists the other chains of a whole log, and `begins` those that entries of this piece name, and
 * that come in pieces of their own. `text` is the exact text that was hashed; hashes are hex, keys and signatures base64.
 */

export type AuditLine = HeadLine | CheckpointLine | EntryLine

interface HeadLine {
  readonly type: 'audit'
  readonly version: 1
  readonly chain?: AuditChain
  readonly public_keys: readonly { readonly key_id: string; readonly spki: string }[]
  readonly after?: { readonly seq: number; readonly hash: string; readonly archived: boolean }
  readonly chains?: readonly AuditChain[]
  readonly begins?: readonly AuditChain[]
}

interface CheckpointLine {
  readonly type: 'checkpoint'
  readonly chain?: AuditChain
  readonly seq: number
  readonly hash: string
  readonly at: number
  readonly key_id: string
  readonly signature: string
}

interface EntryLine {
  readonly type: 'entry'
  readonly chain?: AuditChain
  readonly seq: number
  readonly text: string
  readonly hash: string
}

export interface LogHead {
  readonly chain: AuditChain
  readonly start: LogStart | undefined
  readonly keys: readonly KeyRecord[]
  readonly chains?: readonly AuditChain[]
  readonly begins?: readonly AuditChain[]
}

export const writeHead = ({ chain, start, keys, chains = [], begins = [] }: LogHead): string => {
  const line: HeadLine = {
    type: 'audit',
    version: 1,
    ...named(chain),
    public_keys: keys
      .filter(({ purpose }) => purpose === 'audit')
      .map(({ id, publicKey }) => ({ key_id: id, spki: base64(publicKey ?? new Uint8Array()) })),
    ...(start && { after: { seq: start.seq, hash: hex(start.hash), archived: start.isArchived } }),
    ...(chains.length > 0 && { chains }),
    ...(begins.length > 0 && { begins }),
  }
  return JSON.stringify(line)
}

export const writeCheckpoint = ({ chain, seq, hash, at, keyId, signature }: AuditCheckpoint): string => {
  const line: CheckpointLine = {
    type: 'checkpoint',
    ...named(chain),
    seq,
    hash: hex(hash),
    at,
    key_id: keyId,
    signature: base64(signature),
  }
  return JSON.stringify(line)
}

export const writeEntryLine = (chain: AuditChain, { seq, text, hash }: StoredAuditEntry): string => {
  const line: EntryLine = { type: 'entry', ...named(chain), seq, text, hash: hex(hash) }
  return JSON.stringify(line)
}

const named = (chain: AuditChain): { readonly chain?: AuditChain } => (chain === mainChain ? {} : { chain })

export const chainOf = ({ chain = mainChain }: AuditLine): AuditChain => chain

/** Of an entry's line as it is written here, without reading all of it; `undefined` of any other. */
export const peekChain = (text: string): AuditChain | undefined => {
  if (text.startsWith('{"type":"entry","seq":')) return mainChain
  const chain = /^\{"type":"entry","chain":(\d+),/.exec(text)?.[1]
  return chain === undefined ? undefined : Number(chain)
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

export const toCheckpoint = ({
  chain = mainChain,
  seq,
  hash,
  at,
  key_id,
  signature,
}: CheckpointLine): AuditCheckpoint => ({
  chain,
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
