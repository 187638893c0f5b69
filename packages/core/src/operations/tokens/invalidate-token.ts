import type { TokenId } from '../../kernel/ids.ts'
import type { Result } from '../../kernel/result.ts'
import type { Alongside } from '../alongside.ts'
import { type MovedToken, type MoveTokenPorts, moveToken } from './move-token.ts'
import type { TokenActor, TokenNotFound } from './token-actor.ts'

/** The card behind a token is good no more: the token refuses every use until it gets another card. Its codes are forgotten. */
export const invalidateToken = (
  ports: MoveTokenPorts,
  actor: TokenActor,
  tokenId: TokenId,
  alongside?: Alongside<MovedToken>,
): Promise<Result<MovedToken, TokenNotFound>> => moveToken(ports, actor, tokenId, 'invalidate', alongside)
