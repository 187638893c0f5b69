import { UnavailableError } from '@cardkeep/core/errors'
import type { KeyOwner, KeyPurpose } from '@cardkeep/core/keys'
import type { KeyMaker } from '@cardkeep/core/ports'
import { type KeyPorts, knownOwners, planNewKeys } from './change-keys.ts'
import { KeyError } from './key-error.ts'
import { createSnapshot, findOwned, type KeySnapshot, type OwnedKeys } from './key-snapshot.ts'
import { type ListedKey, listKeys } from './list-keys.ts'
import { loadKeys } from './load-keys.ts'
import { type RotateKeys, rotateKeys } from './rotate.ts'

/** Every key of the vault, loaded and checked. */
export interface Keyring extends KeyMaker {
  /** The keys of an owner, or `undefined` where none is loaded. */
  find(purpose: KeyPurpose, owner: KeyOwner): OwnedKeys | undefined
  /** The vault's own keys, which are always loaded. */
  vaultKeys(purpose: KeyPurpose): OwnedKeys
  /** Follows what other processes did to the keys. If it throws, the keys of before stay in use. */
  reload(): Promise<void>
  /** Answers how many keys were rotated. */
  rotate(command: RotateKeys): Promise<number>
  list(): readonly ListedKey[]
}

const vaultOwner: KeyOwner = { type: 'vault', id: '' }

/** Loads the keys of a database and makes those that it lacks. Throws `KeyError` if they are not to be trusted. */
export const createKeyring = async (ports: KeyPorts): Promise<Keyring> => {
  const { store, clock } = ports
  let snapshot: KeySnapshot = createSnapshot(undefined, [], [])

  const loadChanged = async (): Promise<void> => {
    const keySet = await store.keySet()
    const isSame = keySet !== undefined && keySet.counter === snapshot.keySet?.counter
    if (!isSame) snapshot = await loadKeys(ports, snapshot)
  }
  const reload = oneAtATime(loadChanged)

  await reload()
  await ensureKeys(ports, reload, () => snapshot)

  return {
    find: (purpose, owner) => findOwned(snapshot, purpose, owner),
    vaultKeys: (purpose) => {
      const keys = findOwned(snapshot, purpose, vaultOwner)
      if (!keys) throw new KeyError(`The vault has no ${purpose} key.`)
      return keys
    },
    reload,
    keysFor: async (owners) => {
      // A caller whose commit was in conflict comes again; what the conflict was about is read first.
      await reload()
      return { changes: await planNewKeys(ports, snapshot, owners), committed: reload }
    },
    rotate: (command) => rotateKeys(ports, { reload, snapshot: () => snapshot }, command),
    list: () => listKeys(snapshot, clock.now()),
  }
}

const attempts = 8

/** Of several processes that start on a new or an older database one makes the keys, and the others find them. */
const ensureKeys = async (
  ports: KeyPorts,
  reload: () => Promise<void>,
  current: () => KeySnapshot,
): Promise<void> => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const changes = await planNewKeys(ports, current(), knownOwners(current()))
    if (changes.length === 0) return
    await ports.store.commit(changes)
    await reload()
  }
  throw new UnavailableError('missing keys could not be made: others changed the set at every attempt')
}

/** Whoever asks while a run is under way gets the next one, because that run may have read before the change it is about. */
const oneAtATime = (run: () => Promise<void>): (() => Promise<void>) => {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const start = (): Promise<void> => {
    running = run().finally(() => {
      running = undefined
    })
    return running
  }
  return () => {
    if (next) return next
    if (!running) return start()
    next = running
      .catch(() => {})
      .then(() => {
        next = undefined
        return start()
      })
    return next
  }
}
