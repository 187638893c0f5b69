import { createReadStream } from 'node:fs'
import type { AuditCheckpoint } from '@cardkeep/core/changes'
import type { KeyId } from '@cardkeep/core/kernel/ids'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { Store, StoredAuditEntry } from '@cardkeep/core/ports'
import { readAllEntries } from './read-all.ts'
import type { AuditMaterial } from './verify.ts'

/*
 * An exported audit log is lines of JSON, and proves itself without the vault:
 *
 *   {"type":"audit","version":1,"public_keys":[{"key_id","spki"}]}         first
 *   {"type":"checkpoint","seq","hash","at","key_id","signature"}           then all of these
 *   {"type":"entry","seq","text","hash"}                                   then all entries in order
 *
 * `text` is the exact text that was hashed; hashes are hex, keys and signatures base64.
 */

export async function* exportLines(store: Store): AsyncGenerator<string> {
  const keys = (await store.keys()).filter((key) => key.purpose === 'audit')
  yield JSON.stringify({
    type: 'audit',
    version: 1,
    public_keys: keys.map(({ id, publicKey }) => ({
      key_id: id,
      spki: base64(publicKey ?? new Uint8Array()),
    })),
  })
  for (const { seq, hash, at, keyId, signature } of await store.checkpoints())
    yield JSON.stringify({
      type: 'checkpoint',
      seq,
      hash: hex(hash),
      at,
      key_id: keyId,
      signature: base64(signature),
    })
  for await (const { seq, text, hash } of readAllEntries(store))
    yield JSON.stringify({ type: 'entry', seq, text, hash: hex(hash) })
}

/** Reads an exported log back, entries as they are asked for. Throws where a line is none of the above, or stands elsewhere. */
export const readExport = async (path: string): Promise<AuditMaterial> => {
  const lines = linesOf(path)
  const publicKeys = new Map<string, Uint8Array>()
  const checkpoints: AuditCheckpoint[] = []
  let firstEntry: StoredAuditEntry | undefined
  const first = await lines.next()
  const head = first.done ? undefined : parseLine(first.value)
  if (head?.type !== 'audit') throw new Error('an exported audit log begins with its keys')
  for (const { key_id, spki } of head.public_keys) publicKeys.set(key_id, unbase64(spki))
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    const line = parseLine(next.value)
    if (line.type === 'entry') {
      firstEntry = toEntry(line)
      break
    }
    if (line.type !== 'checkpoint')
      throw new Error('an exported audit log has only checkpoints before its entries')
    checkpoints.push(toCheckpoint(line))
  }
  return { publicKeys, checkpoints, entries: restOf(firstEntry, lines) }
}

/** By line feeds alone: other programs' readers of lines also end one where a text has a U+2028. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let begun = ''
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = `${begun}${chunk}`.split('\n')
    begun = lines.pop() ?? ''
    yield* lines
  }
  if (begun !== '') yield begun
}

async function* restOf(
  first: StoredAuditEntry | undefined,
  lines: AsyncGenerator<string>,
): AsyncGenerator<StoredAuditEntry> {
  if (first) yield first
  for await (const text of lines) {
    const line = parseLine(text)
    if (line.type !== 'entry') throw new Error('an exported audit log has its entries last')
    yield toEntry(line)
  }
}

type Line =
  | {
      readonly type: 'audit'
      readonly public_keys: readonly { readonly key_id: string; readonly spki: string }[]
    }
  | CheckpointLine
  | EntryLine

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

// The hashes and signatures, not this reader, decide whether what a line says is true.
const parseLine = (text: string): Line => JSON.parse(text) as Line

const toEntry = ({ seq, text, hash }: EntryLine): StoredAuditEntry => ({ seq, text, hash: unhex(hash) })

const toCheckpoint = ({ seq, hash, at, key_id, signature }: CheckpointLine): AuditCheckpoint => ({
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
