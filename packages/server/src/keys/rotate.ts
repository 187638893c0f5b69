import type { Actor } from '@cardkeep/core/audit/entry'
import { UnavailableError } from '@cardkeep/core/errors'
import type { KeyOwner, KeyPurpose, KeyRecord } from '@cardkeep/core/keys'
import { type KeyPorts, planRotation } from './change-keys.ts'
import { KeyError } from './key-error.ts'
import { type KeyKind, kindOf } from './key-kinds.ts'
import type { KeySnapshot } from './key-snapshot.ts'

export interface RotateKeys {
  readonly purpose: KeyPurpose
  /** Without it the keys of every owner. */
  readonly owner: KeyOwner | undefined
  /** Who asked, for the audit log. */
  readonly actor: Actor
}

/** What rotation needs of the keyring. */
interface Rotatable {
  reload(): Promise<void>
  snapshot(): KeySnapshot
}

const attempts = 8

/**
 * Gives each owner a new key and leaves the earlier one to open what it sealed, all in one commit with its audit
 * entries (PCI DSS 3.7.4, 3.7.5). Answers how many keys were rotated.
 */
export const rotateKeys = async (
  ports: KeyPorts,
  keyring: Rotatable,
  { purpose, owner, actor }: RotateKeys,
): Promise<number> => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    await keyring.reload()
    const snapshot = keyring.snapshot()
    const rotated = snapshot.records
      .filter((record) => record.state === 'active' && record.purpose === purpose)
      .filter((record) => !owner || (record.owner.type === owner.type && record.owner.id === owner.id))
      .map((record) => ({ record, kind: needsKind(record) }))
    const changes = await planRotation(ports, snapshot, rotated, actor)
    // A conflict means that another process changed the set of keys, which the next attempt reads.
    if (changes.length > 0 && !(await ports.store.commit(changes)).ok) continue
    await keyring.reload()
    return rotated.length
  }
  throw new UnavailableError('keys could not be rotated: others changed them at every attempt')
}

const needsKind = (record: KeyRecord): KeyKind => {
  const kind = kindOf(record)
  if (!kind) throw new KeyError(`Key ${record.id} is of a kind that this version of the vault does not know.`)
  return kind
}
