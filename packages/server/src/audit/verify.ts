import { createPublicKey, type KeyObject } from 'node:crypto'
import type { AuditCheckpoint } from '@cardkeep/core/changes'
import type { StoredAuditEntry } from '@cardkeep/core/ports'
import { verifyCheckpoint } from '../keys/audit-signer.ts'
import { chainHash, emptyChain } from './chain.ts'

/** The last entry before those at hand, where the log does not begin with the first. */
export interface LogStart {
  readonly seq: number
  readonly hash: Uint8Array
  /** What was before has been archived, and the log itself must say so: else someone cut it off. */
  readonly isArchived: boolean
}

export interface AuditMaterial {
  readonly start: LogStart | undefined
  /** In order, from the first entry that is kept. */
  readonly entries: AsyncIterable<StoredAuditEntry>
  readonly checkpoints: readonly AuditCheckpoint[]
  /** Public halves of audit keys by key id, SPKI DER. */
  readonly publicKeys: ReadonlyMap<string, Uint8Array>
}

export interface AuditVerdict {
  readonly ok: boolean
  /** How many were gone through. */
  readonly entries: number
  /** The place of the first of them. */
  readonly from: number
  readonly checkpoints: number
  /** The last place that a signature covers; what comes after it is chained but not yet signed. */
  readonly signedUpTo: number
  /** The first thing that is wrong. */
  readonly problem: string | undefined
}

/**
 * Goes through the whole chain: every entry's place, text and hash, and every checkpoint's signature and place. It
 * needs nothing of the vault but the public keys.
 */
export const verifyAudit = async ({
  start,
  entries,
  checkpoints: given,
  publicKeys,
}: AuditMaterial): Promise<AuditVerdict> => {
  const begin = start ?? { ...emptyChain, isArchived: false }
  // What signs entries that are not at hand is checked where they are.
  const checkpoints = given.filter((checkpoint) => !start || checkpoint.seq >= start.seq)
  const signed = Map.groupBy(checkpoints, (checkpoint) => checkpoint.seq)
  const keys = new Map([...publicKeys].map(([id, spki]) => [id, readKey(spki)]))
  let previous: Uint8Array = begin.hash
  let { seq } = begin
  let signedUpTo = 0
  let isAnnounced = !begin.isArchived
  const verdict = (problem: string | undefined): AuditVerdict => ({
    ok: problem === undefined,
    entries: seq - begin.seq,
    from: begin.seq + 1,
    checkpoints: checkpoints.length,
    signedUpTo,
    problem,
  })
  /** What is wrong with the signatures of one place, or nothing. */
  const checkSignatures = (place: number, hash: Uint8Array): string | undefined => {
    for (const checkpoint of signed.get(place) ?? []) {
      const key = keys.get(checkpoint.keyId)
      if (!key) return `the checkpoint at ${place} names a key that is not known`
      if (Buffer.compare(hash, checkpoint.hash) !== 0) return `entry ${place} is not the one that was signed`
      if (!verifyCheckpoint(checkpoint, key)) return `the signature at ${place} does not hold`
      signedUpTo = place
    }
    signed.delete(place)
    return undefined
  }

  if (start) {
    const wrong = checkSignatures(start.seq, start.hash)
    if (wrong) return verdict(wrong)
    if (start.isArchived && signedUpTo !== start.seq)
      return verdict(`no signature says where the log was cut`)
  }

  for await (const entry of entries) {
    if (entry.seq !== seq + 1) return verdict(`entry ${seq + 1} is missing`)
    if (readSeq(entry.text) !== entry.seq) return verdict(`entry ${entry.seq} says it is another`)
    const hash = chainHash(previous, entry.text)
    if (!hash.equals(entry.hash)) return verdict(`entry ${entry.seq} was changed`)
    const wrong = checkSignatures(entry.seq, hash)
    if (wrong) return verdict(wrong)
    isAnnounced ||= announcesCut(entry.text, begin)
    previous = hash
    seq = entry.seq
  }
  if (!isAnnounced)
    return verdict(`entries 1 to ${begin.seq} are missing, and no entry says that they were archived`)
  return verdict(describeLeft([...signed.keys()], seq))
}

/** Whether this entry says that the log was archived up to there. */
const announcesCut = (text: string, { seq, hash }: LogStart): boolean => {
  const [, , action, , , , , , , details] = JSON.parse(text) as readonly unknown[]
  const { upTo, hash: named } = (details ?? {}) as { readonly upTo?: unknown; readonly hash?: unknown }
  return action === 'audit.archived' && upTo === seq && named === Buffer.from(hash).toString('hex')
}

/** What is wrong with checkpoints at which no entry came. */
const describeLeft = (places: readonly number[], lastSeq: number): string | undefined => {
  const nowhere = places.find((place) => !Number.isInteger(place) || place < 1)
  if (nowhere !== undefined) return `the checkpoint at ${nowhere} signs no entry`
  if (places.length === 0) return undefined
  return `entries ${lastSeq + 1} to ${Math.max(...places)}, which were signed, are missing`
}

const readKey = (spki: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })

const readSeq = (text: string): unknown => {
  try {
    const parsed: unknown = JSON.parse(text)
    return Array.isArray(parsed) ? parsed[0] : undefined
  } catch {
    return undefined
  }
}
