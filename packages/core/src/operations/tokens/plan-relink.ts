import type { Change } from '../../changes.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { CardCipher, CodeStore, FingerprintHash, Ids, Store } from '../../ports.ts'
import type { Scope } from '../../tenants/tenant.ts'
import { verdictOn } from '../../tokens/lifecycle.ts'
import type { StoredToken } from '../../tokens/token.ts'
import type { Caller } from '../caller.ts'
import { endNetworkToken } from '../network-tokens/end-network-token.ts'
import { findFingerprint, findKnown, planFingerprint } from './know-number.ts'
import { eraseExpired } from './sweep-tokens.ts'

export type RelinkPorts = {
  readonly store: Store
  readonly codes: Pick<CodeStore, 'dropToken'>
  readonly cipher: CardCipher
  readonly ids: Ids
}

export interface PlannedRelink {
  readonly parts: Pick<StoredToken, 'fingerprint' | 'unique'>
  /** What comes before the token is replaced, and after. */
  readonly before: readonly Change[]
  readonly after: readonly Change[]
}

/**
 * Gives a token another number. Of the tokens of that number its scope knows it by the oldest, which may be this one.
 * `undefined`: somebody changed them, so look again.
 */
export const planRelink = async (
  ports: RelinkPorts,
  caller: Caller,
  scope: Scope,
  token: StoredToken,
  hashes: readonly FingerprintHash[],
  at: EpochMs,
): Promise<PlannedRelink | undefined> => {
  const { store, ids } = ports
  const found = await findFingerprint(store, scope, hashes)
  const number = found ?? hashes[0]
  // Precondition: a scope has an active fingerprint key.
  if (!number) throw new Error('a number was hashed under no key')
  const known = found && scope.deduplicates ? await findKnown(store, found) : undefined
  if (known && verdictOn('tokenize again', known, at) === 'new token') {
    await eraseExpired(ports, known, at)
    return undefined
  }
  const { fingerprint, changes } = planFingerprint(ids, scope, number, undefined)
  const isOldest = !known || isOlder(token, known)
  return {
    parts: { fingerprint, unique: scope.deduplicates && isOldest },
    before: [...changes, ...(known ? settle(known, !isOldest) : [])],
    after: [
      { type: 'release-fingerprint', fingerprint: token.fingerprint },
      ...(await endNetworkToken(store, caller, token, at)),
    ],
  }
}

/** Nothing that anybody is told of the other token changes, so neither does the time of its last change. */
const settle = (known: StoredToken, unique: boolean): readonly Change[] =>
  known.unique === unique
    ? [{ type: 'expect-token', token: known }]
    : [{ type: 'replace-token', token: { ...known, version: known.version + 1, unique } }]

/** As the store orders them. */
const isOlder = (one: StoredToken, other: StoredToken): boolean =>
  one.createdAt < other.createdAt || (one.createdAt === other.createdAt && one.id < other.id)
