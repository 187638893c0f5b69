import { UnavailableError } from '@cardkeep/core/errors'
import type { KeyRecord, KeySet } from '@cardkeep/core/keys'
import type { Store } from '@cardkeep/core/ports'
import { KeyError } from './key-error.ts'
import { type KeyKind, kindOf } from './key-kinds.ts'
import { loadKeyRecord } from './key-record.ts'
import { needsWholeKeySet } from './key-set.ts'
import { createSnapshot, type KeySnapshot, type LoadedKey } from './key-snapshot.ts'
import type { RootKeyProvider } from './providers/provider.ts'
import { createSealCounter, type SealCounter } from './seal-counter.ts'

/** What the keys need of the store. */
export type KeyStore = Pick<Store, 'commit' | 'keys' | 'keySet'>

export interface LoadPorts {
  readonly store: KeyStore
  readonly provider: RootKeyProvider
}

/**
 * Reads all keys, refuses a set that is not whole or older than the root key's keeper remembers, and unwraps what
 * `before` does not hold already. Keys of a kind that only a newer program knows stay in the set, closed. Throws `KeyError`
 * with the reason.
 */
export const loadKeys = async (ports: LoadPorts, before: KeySnapshot | undefined): Promise<KeySnapshot> => {
  const { store, provider } = ports
  // Read before the database: another process may change the keys meanwhile, and its counter must not make ours look old.
  const remembered = await provider.rememberedCounter()
  const { keySet, records } = await readKeys(store)
  const counter = keySet?.counter ?? 0
  if (counter < remembered) throw isOlder(provider, counter, remembered)
  if (keySet) await needsWholeKeySet(provider, keySet, records)
  else if (records.length > 0) throw new KeyError('The database holds keys without the set that names them.')
  const keys = await loadRecords(ports, records, before)
  const snapshot = createSnapshot(keySet, records, keys)
  await provider.rememberCounter(counter)
  return snapshot
}

const attempts = 8

/** The records and the set that names them, from one moment: the counter is the same before and after. */
const readKeys = async (
  store: KeyStore,
): Promise<{ readonly keySet: KeySet | undefined; readonly records: readonly KeyRecord[] }> => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const before = await store.keySet()
    const records = await store.keys()
    const keySet = await store.keySet()
    if (before?.counter === keySet?.counter) return { keySet, records }
  }
  throw new UnavailableError('the keys could not be read: others changed them at every attempt')
}

const isOlder = (provider: RootKeyProvider, counter: number, remembered: number): KeyError =>
  new KeyError(
    `An older set of keys was put back: the database holds set ${counter}, and beside the root key ` +
      `(${provider.describe()}) set ${remembered} is remembered. Put the newest database back. If an older one is meant, ` +
      '`cardkeep restore` takes it for the newest; if the vault is to start anew, remove the root key and that number. ' +
      'For a root key in a file the number stands in the file beside it that ends in .counter.',
  )

interface KnownRecord {
  readonly record: KeyRecord
  readonly kind: KeyKind
}

/** How many keys are unwrapped at a time: a key service answers over the network. */
const width = 16

const loadRecords = async (
  ports: LoadPorts,
  records: readonly KeyRecord[],
  before: KeySnapshot | undefined,
): Promise<readonly LoadedKey[]> => {
  const living = records.flatMap((record) => {
    const kind = record.state === 'destroyed' ? undefined : kindOf(record)
    return kind ? [{ record, kind }] : []
  })
  const loaded: LoadedKey[] = []
  for (let at = 0; at < living.length; at += width)
    loaded.push(
      ...(await Promise.all(
        living.slice(at, at + width).map((one) => loadRecord(ports, one, before?.loaded.get(one.record.id))),
      )),
    )
  return loaded
}

const loadRecord = async (
  { store, provider }: LoadPorts,
  { record, kind }: KnownRecord,
  before: LoadedKey | undefined,
): Promise<LoadedKey> => {
  // With the wrapping everything else is the same, and seals that were reserved and not yet made stay with the key.
  if (before && isSameWrapping(before.record, record)) return before
  const key = await loadKeyRecord(provider, record)
  return { record, key, seals: createCounterOf(store, record, kind) }
}

const isSameWrapping = (a: KeyRecord, b: KeyRecord): boolean => Buffer.from(a.wrapped).equals(b.wrapped)

const createCounterOf = (store: KeyStore, record: KeyRecord, kind: KeyKind): SealCounter | undefined => {
  const { id, purpose, owner, version, reservedSeals } = record
  return (
    kind.seals &&
    createSealCounter({
      name: `version ${version} of the ${purpose} key of ${owner.type} ${owner.id}`,
      budget: kind.seals,
      stored: reservedSeals,
      raise: async (upTo) => (await store.commit([{ type: 'reserve-seals', id, upTo }])).ok,
      readStored: async () => (await store.keys()).find((stored) => stored.id === id)?.reservedSeals ?? 0,
    })
  )
}
