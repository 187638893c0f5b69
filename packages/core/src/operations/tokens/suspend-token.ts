import type { TokenId } from '../../kernel/ids.ts'
import type { Result } from '../../kernel/result.ts'
import type { Alongside } from '../alongside.ts'
import { type MovedToken, type MoveTokenPorts, moveToken } from './move-token.ts'
import type { TokenActor, TokenNotFound } from './token-actor.ts'

/** A suspended token refuses every use at once, and its codes are forgotten, those in flight included. */
export const suspendToken = (
  ports: MoveTokenPorts,
  actor: TokenActor,
  tokenId: TokenId,
  alongside?: Alongside<MovedToken>,
): Promise<Result<MovedToken, TokenNotFound>> => moveToken(ports, actor, tokenId, 'suspend', alongside)
