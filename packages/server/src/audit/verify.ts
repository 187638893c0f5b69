import { createPublicKey, type KeyObject } from 'node:crypto'
import type { AuditCheckpoint } from '@cardkeep/core/changes'
import type { StoredAuditEntry } from '@cardkeep/core/ports'
import { verifyCheckpoint } from '../keys/audit-signer.ts'
import { chainHash, emptyChain } from './chain.ts'

export interface AuditMaterial {
  /** In order, from the first entry that is kept. */
  readonly entries: AsyncIterable<StoredAuditEntry>
  readonly checkpoints: readonly AuditCheckpoint[]
  /** Public halves of audit keys by key id, SPKI DER. */
  readonly publicKeys: ReadonlyMap<string, Uint8Array>
}

export interface AuditVerdict {
  readonly ok: boolean
  readonly entries: number
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
  entries,
  checkpoints,
  publicKeys,
}: AuditMaterial): Promise<AuditVerdict> => {
  const signed = Map.groupBy(checkpoints, (checkpoint) => checkpoint.seq)
  const keys = new Map([...publicKeys].map(([id, spki]) => [id, readKey(spki)]))
  let previous: Uint8Array = emptyChain.hash
  let seq = 0
  let signedUpTo = 0
  const verdict = (problem: string | undefined): AuditVerdict => ({
    ok: problem === undefined,
    entries: seq,
    checkpoints: checkpoints.length,
    signedUpTo,
    problem,
  })

  for await (const entry of entries) {
    if (entry.seq !== seq + 1) return verdict(`entry ${seq + 1} is missing`)
    if (readSeq(entry.text) !== entry.seq) return verdict(`entry ${entry.seq} says it is another`)
    const hash = chainHash(previous, entry.text)
    if (!hash.equals(entry.hash)) return verdict(`entry ${entry.seq} was changed`)
    for (const checkpoint of signed.get(entry.seq) ?? []) {
      const key = keys.get(checkpoint.keyId)
      if (!key) return verdict(`the checkpoint at ${entry.seq} names a key that is not known`)
      if (!hash.equals(checkpoint.hash)) return verdict(`entry ${entry.seq} is not the one that was signed`)
      if (!verifyCheckpoint(checkpoint, key)) return verdict(`the signature at ${entry.seq} does not hold`)
      signedUpTo = entry.seq
    }
    signed.delete(entry.seq)
    previous = hash
    seq = entry.seq
  }
  return verdict(describeLeft([...signed.keys()], seq))
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
