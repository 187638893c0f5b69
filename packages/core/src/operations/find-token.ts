import type { Refusal } from '../errors.ts'
import type { TokenId } from '../kernel/ids.ts'
import { ok, type Result, refuse } from '../kernel/result.ts'
import type { EpochMs } from '../kernel/time.ts'
import type { Store } from '../ports.ts'
import { type TokenUse, verdictOn } from '../tokens/lifecycle.ts'
import type { CardPlace } from '../tokens/place.ts'
import type { StoredToken } from '../tokens/token.ts'
import type { Caller } from './caller.ts'

export interface FoundToken {
  readonly token: StoredToken
  readonly place: CardPlace
}

/** A token that the caller may use so now. Unknown, foreign, and in a state that forbids it look the same. */
export const findToken = async (
  store: Store,
  caller: Caller,
  tokenId: TokenId,
  use: TokenUse,
  at: EpochMs,
): Promise<Result<FoundToken, Refusal>> => {
  const { tenant } = caller.principal
  const standing = await store.standing(tokenId)
  if (!standing || verdictOn(use, standing, at) === 'absent') return refuse({ type: 'TokenNotFound' })
  const { scopeId } = standing
  const isOwn = scopeId === tenant.defaultScopeId
  if (!isOwn && !(await store.isLinked(scopeId, tenant.id))) return refuse({ type: 'TokenNotFound' })
  const token = await store.token(tokenId)
  // The first look may be a moment old, and what is used must be what was judged.
  if (!token || verdictOn(use, token, at) === 'absent') return refuse({ type: 'TokenNotFound' })
  return ok({ token, place: { scopeId, environment: tenant.environment, tokenId } })
}

export const isStillUsable = async (store: Store, tokenId: TokenId, at: EpochMs): Promise<boolean> => {
  const token = await store.token(tokenId)
  return token !== undefined && verdictOn('forward', token, at) === 'does'
}
