import type { TokenId } from '../../kernel/ids.ts'
import type { Result } from '../../kernel/result.ts'
import type { Alongside } from '../alongside.ts'
import { type MovedToken, type MoveTokenPorts, moveToken } from './move-token.ts'
import type { TokenActor, TokenNotFound } from './token-actor.ts'

/** Ends a token: its card and its codes are gone at once, and for thirty days the vault can still say that it was deleted. */
export const deleteToken = (
  ports: MoveTokenPorts,
  actor: TokenActor,
  tokenId: TokenId,
  alongside?: Alongside<MovedToken>,
): Promise<Result<MovedToken, TokenNotFound>> => moveToken(ports, actor, tokenId, 'delete', alongside)
