import type { KeyObject } from 'node:crypto'
import type { KeyId } from '@cardkeep/core/kernel/ids'
import { type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import type { KeyOwner, KeyRecord, KeyState } from '@cardkeep/core/keys'
import type { Environment } from '@cardkeep/core/tenants/tenant'
import { KeyError } from './key-error.ts'
import { type KeyKind, kindOf } from './key-kinds.ts'
import { checkValueOf, generateMaterial, importMaterial, wipe } from './key-material.ts'
import type { RootKeyProvider } from './providers/provider.ts'

export interface NewKey {
  readonly id: KeyId
  readonly kind: KeyKind
  readonly owner: KeyOwner
  readonly environment: Environment | undefined
  readonly version: number
  readonly createdAt: EpochMs
}

/** A key that never was before, wrapped; its bytes are wiped. */
export const createKeyRecord = async (provider: RootKeyProvider, key: NewKey): Promise<KeyRecord> => {
  const { id, kind, owner, environment, version, createdAt } = key
  const material = generateMaterial(kind.algorithm)
  try {
    const fields = {
      id,
      purpose: kind.purpose,
      owner,
      environment,
      algorithm: kind.algorithm,
      version,
      state: 'active',
      createdAt,
      expiresAt: epochMs(createdAt + kind.cryptoperiodMs),
      checkValue: checkValueOf(material.bytes),
      publicKey: material.publicKey,
    } as const
    const wrapped = await provider.wrap(material.bytes, encodeRecord(fields))
    return { ...fields, wrapped, reservedSeals: 0 }
  } finally {
    wipe(material.bytes)
  }
}

/** Unwraps a record to the key that it holds. Throws `KeyError` if it is not what the record says. */
export const loadKeyRecord = async (provider: RootKeyProvider, record: KeyRecord): Promise<KeyObject> => {
  const bytes = await provider.unwrap(record.wrapped, encodeRecord(record))
  try {
    if (checkValueOf(bytes) !== record.checkValue)
      throw new KeyError(`Key ${record.id} fails its check value.`)
    const kind = kindOf(record)
    if (!kind)
      throw new KeyError(`Key ${record.id} is of a kind that this version of the vault does not know.`)
    return importMaterial(kind.algorithm, { bytes, publicKey: record.publicKey })
  } finally {
    wipe(bytes)
  }
}

/** The record in another state, wrapped again because the state is among what the wrapping authenticates. */
export const rewrapKeyRecord = async (
  provider: RootKeyProvider,
  record: KeyRecord,
  state: KeyState,
): Promise<KeyRecord> => {
  const bytes = await provider.unwrap(record.wrapped, encodeRecord(record))
  try {
    const changed = { ...record, state }
    return { ...changed, wrapped: await provider.wrap(bytes, encodeRecord(changed)) }
  } finally {
    wipe(bytes)
  }
}

/**
 * Every field beside the wrapped key itself and the count of seals, which is written while the key is in use: the
 * associated data of the wrapping, so that no key passes for another (PCI DSS 3.7.7). An array in a fixed order.
 */
export const encodeRecord = (record: Omit<KeyRecord, 'wrapped' | 'reservedSeals'>): Buffer =>
  Buffer.from(
    JSON.stringify([
      'cardkeep-key',
      1,
      record.id,
      record.purpose,
      record.owner.type,
      record.owner.id,
      record.environment ?? null,
      record.algorithm,
      record.version,
      record.state,
      record.createdAt,
      record.expiresAt,
      record.checkValue,
      record.publicKey ? Buffer.from(record.publicKey).toString('base64') : null,
    ]),
  )
