import type { KeyObject } from 'node:crypto'
import type { KeyOwner, KeyPurpose, KeyRecord, KeySet } from '@cardkeep/core/keys'
import { KeyError } from './key-error.ts'
import type { SealCounter } from './seal-counter.ts'

/** A key in use: its material is a key object, which shows nothing and is not copied. */
export interface LoadedKey {
  readonly record: KeyRecord
  readonly key: KeyObject
  /** `undefined` for a kind of key that does not wear off. */
  readonly seals: SealCounter | undefined
}

export interface OwnedKeys {
  /** Seals, hashes and signs. `undefined` once every key of the owner was retired. */
  readonly active: LoadedKey | undefined
  /** All that open, the active one first, then the youngest. */
  readonly usable: readonly LoadedKey[]
}

/** The keys as they stood at one counter. It is replaced as a whole, never changed. */
export interface KeySnapshot {
  /** `undefined` for a database without keys. */
  readonly keySet: KeySet | undefined
  /** Destroyed keys included. */
  readonly records: readonly KeyRecord[]
  readonly loaded: ReadonlyMap<string, LoadedKey>
  readonly owned: ReadonlyMap<string, OwnedKeys>
}

export const createSnapshot = (
  keySet: KeySet | undefined,
  records: readonly KeyRecord[],
  keys: readonly LoadedKey[],
): KeySnapshot => {
  const owned = new Map<string, OwnedKeys>()
  for (const [name, group] of Map.groupBy(keys, ({ record }) => ownedName(record.purpose, record.owner)))
    owned.set(name, orderKeys(group))
  return { keySet, records, loaded: new Map(keys.map((key) => [key.record.id, key])), owned }
}

export const findOwned = (
  snapshot: KeySnapshot,
  purpose: KeyPurpose,
  owner: KeyOwner,
): OwnedKeys | undefined => snapshot.owned.get(ownedName(purpose, owner))

const ownedName = (purpose: string, owner: KeyOwner): string => `${purpose} ${owner.type} ${owner.id}`

const orderKeys = (keys: readonly LoadedKey[]): OwnedKeys => {
  const [active, another] = keys.filter(({ record }) => record.state === 'active')
  if (another)
    throw new KeyError(`Key ${another.record.id} is active beside another of its owner and purpose.`)
  const older = keys
    .filter(({ record }) => record.state !== 'active')
    .toSorted((a, b) => b.record.version - a.record.version)
  return { active, usable: active ? [active, ...older] : older }
}
