import { createHash, timingSafeEqual } from 'node:crypto'
import { UnavailableError } from '@cardkeep/core/errors'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import type { KeyRecord, KeySet } from '@cardkeep/core/keys'
import { KeyError } from './key-error.ts'
import { encodeRecord } from './key-record.ts'
import type { RootKeyProvider } from './providers/provider.ts'

/** Says under the root key that these records, and no others, are the set with this counter. */
export const sealKeySet = async (
  provider: RootKeyProvider,
  counter: number,
  records: readonly KeyRecord[],
): Promise<KeySet> => ({
  counter,
  sealedDigest: await provider.wrap(new Secret<Uint8Array>(digestOf(records)), encodeCounter(counter)),
})

/** Throws `KeyError` if a record was added, removed, exchanged or changed by anyone without the root key. */
export const needsWholeKeySet = async (
  provider: RootKeyProvider,
  { counter, sealedDigest }: KeySet,
  records: readonly KeyRecord[],
): Promise<void> => {
  const sealed = await openDigest(provider, counter, sealedDigest)
  if (sealed.length !== digestBytes || !timingSafeEqual(sealed, digestOf(records)))
    throw new KeyError(
      'The keys in the database are not the set that the vault wrote: a key was added, removed, exchanged or changed ' +
        'by something else. Put a database back that is whole, and find out who changed this one.',
    )
}

const digestBytes = 32

const openDigest = async (
  provider: RootKeyProvider,
  counter: number,
  sealedDigest: Uint8Array,
): Promise<Uint8Array> => {
  try {
    return openSecret(await provider.unwrap(sealedDigest, encodeCounter(counter)), 'check')
  } catch (cause) {
    if (cause instanceof UnavailableError || cause instanceof KeyError) throw cause
    throw new KeyError(
      `The set of keys does not open under the root key (${provider.describe()}): it is the root key of another ` +
        'database, or the set was changed. Name the right root key, or put a database back that is whole.',
      { cause },
    )
  }
}

/** SHA-256 over a label, the number of records and, sorted by id, the hash of each with all it says and its wrapped key. */
const digestOf = (records: readonly KeyRecord[]): Buffer => {
  const digest = createHash('sha256').update('cardkeep-key-set 1\n').update(`${records.length}\n`)
  for (const record of records.toSorted((a, b) => (a.id < b.id ? -1 : 1))) digest.update(hashRecord(record))
  return digest.digest()
}

const hashRecord = (record: KeyRecord): Buffer =>
  createHash('sha256').update(encodeRecord(record)).update('\n').update(record.wrapped).digest()

const encodeCounter = (counter: number): Buffer =>
  Buffer.from(JSON.stringify(['cardkeep-key-set', 1, counter]))
