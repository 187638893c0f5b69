import { dayMs, type EpochMs } from '@cardkeep/core/kernel/time'
import type { KeyRecord } from '@cardkeep/core/keys'
import { kindOf } from './key-kinds.ts'
import type { KeySnapshot } from './key-snapshot.ts'

/** A key in the inventory (PCI DSS 3.6.1.1). No field holds material, wrapped or not. */
export type ListedKey = Pick<
  KeyRecord,
  | 'id'
  | 'purpose'
  | 'owner'
  | 'environment'
  | 'algorithm'
  | 'version'
  | 'state'
  | 'createdAt'
  | 'expiresAt'
  | 'checkValue'
> & {
  /** `undefined` for a kind of key that does not wear off. */
  readonly seals: { readonly used: number; readonly limit: number } | undefined
  /** Its time or half of its seals will be over soon, or are. */
  readonly needsRotation: boolean
}

/** A month is time enough to plan a rotation. */
const noticeMs = 30 * dayMs

export const listKeys = ({ records, loaded }: KeySnapshot, at: EpochMs): readonly ListedKey[] =>
  records.map((record) => {
    const { id, purpose, owner, environment, algorithm, version, state, createdAt, expiresAt, checkValue } =
      record
    const limit = kindOf(record)?.seals?.limit
    const used = Math.max(record.reservedSeals, loaded.get(id)?.seals?.stored() ?? 0)
    const isWorn = limit !== undefined && used >= limit / 2
    return {
      id,
      purpose,
      owner,
      environment,
      algorithm,
      version,
      state,
      createdAt,
      expiresAt,
      checkValue,
      seals: limit === undefined ? undefined : { used, limit },
      needsRotation: state === 'active' && (isWorn || at >= expiresAt - noticeMs),
    }
  })
