import type { Refusal } from '../errors.ts'
import type { TokenId } from '../kernel/ids.ts'
import { ok, type Result, refuse } from '../kernel/result.ts'
import type { EpochMs } from '../kernel/time.ts'
import type { Store } from '../ports.ts'
import type { CardPlace } from '../tokens/place.ts'
import { isUsable, type StoredToken } from '../tokens/token.ts'
import type { Caller } from './caller.ts'

export interface FoundToken {
  readonly token: StoredToken
  readonly place: CardPlace
}

/** A token that the caller may use now. Unknown, foreign, suspended, expired and deleted look the same. */
export const findUsableToken = async (
  store: Store,
  caller: Caller,
  tokenId: TokenId,
  at: EpochMs,
): Promise<Result<FoundToken, Refusal>> => {
  const { tenant } = caller.principal
  const token = await store.token(tokenId)
  if (!token || !isUsable(token, at)) return refuse({ type: 'TokenNotFound' })
  const isOwn = token.scopeId === tenant.defaultScopeId
  if (!isOwn && !(await store.isLinked(token.scopeId, tenant.id))) return refuse({ type: 'TokenNotFound' })
  return ok({ token, place: { scopeId: token.scopeId, environment: tenant.environment, tokenId } })
}

export const isStillUsable = async (store: Store, tokenId: TokenId, at: EpochMs): Promise<boolean> => {
  const token = await store.token(tokenId)
  return token !== undefined && isUsable(token, at)
}
