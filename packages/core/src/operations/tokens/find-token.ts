import type { Refusal } from '../../errors.ts'
import type { TokenId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { Store } from '../../ports.ts'
import { type TokenUse, verdictOn } from '../../tokens/lifecycle.ts'
import type { CardPlace } from '../../tokens/place.ts'
import type { StoredToken } from '../../tokens/token.ts'
import type { Caller } from '../caller.ts'

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
  // Whoever is refused a forward asks again: most often that costs no look into the database.
  if (use === 'forward' && !(await mayStand(store, tokenId, at))) return refuse({ type: 'TokenNotFound' })
  const token = await store.token(tokenId)
  if (!token || verdictOn(use, token, at) === 'absent') return refuse({ type: 'TokenNotFound' })
  const { scopeId } = token
  const isOwn = scopeId === tenant.defaultScopeId
  if (!isOwn && !(await store.isLinked(scopeId, tenant.id))) return refuse({ type: 'TokenNotFound' })
  return ok({ token, place: { scopeId, environment: tenant.environment, tokenId } })
}

/** What it answers may be a moment old: good for refusing, and whoever goes on judges the token itself. */
const mayStand = async (store: Store, tokenId: TokenId, at: EpochMs): Promise<boolean> => {
  const standing = await store.standing(tokenId)
  return standing !== undefined && verdictOn('forward', standing, at) !== 'absent'
}

export const isStillUsable = async (store: Store, tokenId: TokenId, at: EpochMs): Promise<boolean> => {
  const token = await store.token(tokenId)
  return token !== undefined && verdictOn('forward', token, at) === 'does'
}
