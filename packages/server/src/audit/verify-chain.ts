import type { KeyObject } from 'node:crypto'
import { type AuditChain, mainChain } from '@cardkeep/core/audit/chain'
import type { AuditCheckpoint } from '@cardkeep/core/changes'
import type { StoredAuditEntry } from '@cardkeep/core/ports'
import { verifyCheckpoint } from '../keys/audit-signer.ts'
import { chainHash, emptyHead } from './chain.ts'
import type { ChainNews } from './news.ts'

/** The last entry before those at hand, where a chain does not begin with the first. */
export interface LogStart {
  readonly seq: number
  readonly hash: Uint8Array
  /** What was before has been archived, and the log itself must say so: else someone cut it off. */
  readonly isArchived: boolean
}

export interface ChainMaterial {
  readonly chain: AuditChain
  readonly start: LogStart | undefined
  /** In order, from the first entry that is kept. */
  readonly entries: AsyncIterable<StoredAuditEntry>
  /** Asked for before the entries: a checkpoint made meanwhile would sign one that the pass has not seen. */
  readonly readCheckpoints: () => Promise<readonly AuditCheckpoint[]>
  /** Whether the main chain at hand goes far enough to name this one. */
  readonly mustBeNamed: boolean
}

export interface ChainVerdict {
  readonly chain: AuditChain
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

export interface Trust {
  readonly keys: ReadonlyMap<string, KeyObject>
  /** Of this chain, from elsewhere: what they sign must stand here. */
  readonly earlier: readonly AuditCheckpoint[]
}

/**
 * Goes through one chain: every entry's place, text and hash, and every checkpoint's signature and place. The main chain
 * tells its news on the way, and so must come before the others.
 */
export const verifyChain = async (
  { chain, start, entries, readCheckpoints }: ChainMaterial,
  { keys, earlier }: Trust,
  news: ChainNews,
): Promise<ChainVerdict> => {
  const begin = start ?? { ...emptyHead(chain), isArchived: false }
  const given = [...(await readCheckpoints()), ...earlier]
  // What signs entries that are not at hand is checked where they are.
  const checkpoints = given.filter((checkpoint) => !start || checkpoint.seq >= start.seq)
  const signed = Map.groupBy(checkpoints, (checkpoint) => checkpoint.seq)
  let previous: Uint8Array = begin.hash
  let { seq } = begin
  let signedUpTo = 0
  const verdict = (problem: string | undefined): ChainVerdict => ({
    chain,
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
    const wrong = checkSignatures(begin.seq, begin.hash)
    if (wrong) return verdict(wrong)
    if (begin.isArchived && signedUpTo !== begin.seq)
      return verdict(`no signature says where the log was cut`)
  }

  for await (const entry of entries) {
    if (entry.seq !== seq + 1) return verdict(`entry ${seq + 1} is missing`)
    if (readSeq(entry.text) !== entry.seq) return verdict(`entry ${entry.seq} says it is another`)
    const hash = chainHash(previous, entry.text)
    if (!hash.equals(entry.hash)) return verdict(`entry ${entry.seq} was changed`)
    const wrong = checkSignatures(entry.seq, hash)
    if (wrong) return verdict(wrong)
    if (chain === mainChain) news.read(entry.text)
    previous = hash
    seq = entry.seq
  }
  if (begin.isArchived && !news.announcesCut(chain, begin.seq, begin.hash))
    return verdict(`entries 1 to ${begin.seq} are missing, and no entry says that they were archived`)
  return verdict(describeLeft([...signed.keys()], seq))
}

/** What is wrong with checkpoints at which no entry came. */
const describeLeft = (places: readonly number[], lastSeq: number): string | undefined => {
  const nowhere = places.find((place) => !Number.isInteger(place) || place < 1)
  if (nowhere !== undefined) return `the checkpoint at ${nowhere} signs no entry`
  if (places.length === 0) return undefined
  return `entries ${lastSeq + 1} to ${Math.max(...places)}, which were signed, are missing`
}

const readSeq = (text: string): unknown => {
  try {
    const parsed: unknown = JSON.parse(text)
    return Array.isArray(parsed) ? parsed[0] : undefined
  } catch {
    return undefined
  }
}
