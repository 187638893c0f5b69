import type { Change } from '../../changes.ts'
import type { FingerprintId } from '../../kernel/ids.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { FingerprintHash, Ids, Store } from '../../ports.ts'
import type { Scope } from '../../tenants/tenant.ts'
import type { StoredFingerprint } from '../../tokens/fingerprint.ts'
import type { StoredToken } from '../../tokens/token.ts'

/** By whichever key of the scope the number was hashed. */
export const findFingerprint = async (
  store: Pick<Store, 'fingerprint'>,
  scope: Pick<Scope, 'id'>,
  hashes: readonly FingerprintHash[],
): Promise<StoredFingerprint | undefined> => {
  for (const { hash } of hashes) {
    const found = await store.fingerprint(scope.id, hash)
    if (found) return found
  }
  return undefined
}

/**
 * The token that a scope knows a number by: its oldest. No other one is `unique`; none is where that one was deleted or got
 * another number, until the next one is given out.
 */
export const findKnown = async (
  store: Pick<Store, 'uniqueToken' | 'oldestToken'>,
  fingerprint: StoredFingerprint,
): Promise<StoredToken | undefined> =>
  (await store.uniqueToken(fingerprint)) ?? (await store.oldestToken(fingerprint))

export interface PlannedFingerprint {
  readonly fingerprint: StoredFingerprint
  readonly changes: readonly Change[]
}

/** The row of a number, made where it is new, and kept until then for callers who are told its id. */
export const planFingerprint = (
  ids: Ids,
  scope: Pick<Scope, 'id'>,
  found: StoredFingerprint | FingerprintHash,
  until: EpochMs | undefined,
): PlannedFingerprint => {
  if (!('id' in found)) {
    const id = ids.uuid() as FingerprintId
    const fingerprint = { ...found, scopeId: scope.id, id, analyticsUntil: until }
    return { fingerprint, changes: [{ type: 'put-fingerprint', fingerprint }] }
  }
  const isPromised = until === undefined || (found.analyticsUntil ?? 0) >= until
  if (isPromised) return { fingerprint: found, changes: [] }
  const fingerprint = { ...found, analyticsUntil: until }
  return { fingerprint, changes: [{ type: 'keep-fingerprint', fingerprint, until }] }
}
