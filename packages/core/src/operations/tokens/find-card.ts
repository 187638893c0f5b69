import type { Refusal } from '../../errors.ts'
import type { TokenId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { Store } from '../../ports.ts'
import type { TokenUse } from '../../tokens/lifecycle.ts'
import type { CardPlace } from '../../tokens/place.ts'
import type { CardToken } from '../../tokens/token.ts'
import type { Caller } from '../caller.ts'
import { findToken } from './find-token.ts'

export interface FoundCard {
  readonly token: CardToken
  readonly place: CardPlace
}

/** As `findToken`, where only a card will do: the token of an account looks as if there were none. */
export const findCard = async (
  store: Store,
  caller: Caller,
  tokenId: TokenId,
  use: TokenUse,
  at: EpochMs,
): Promise<Result<FoundCard, Refusal>> => {
  const found = await findToken(store, caller, tokenId, use, at)
  if (!found.ok) return found
  const { token, place } = found.value
  return token.type === 'card' ? ok({ token, place }) : refuse({ type: 'TokenNotFound' })
}
