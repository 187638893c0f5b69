import type { TokenId } from '../../kernel/ids.ts'
import type { Result } from '../../kernel/result.ts'
import type { Alongside } from '../alongside.ts'
import { type MovedToken, type MoveTokenPorts, moveToken } from './move-token.ts'
import type { TokenActor, TokenNotFound } from './token-actor.ts'

/**
 * A suspended token may be used again. Codes that were held before it was suspended do not come back, also where whatever
 * suspended it could not drop them; while they cannot be dropped, it stays suspended. It lifts a suspension and no more.
 * wire: verifone §suspend, activate, delete, inferred
 */
export const activateToken = (
  ports: MoveTokenPorts,
  actor: TokenActor,
  tokenId: TokenId,
  alongside?: Alongside<MovedToken>,
): Promise<Result<MovedToken, TokenNotFound>> => moveToken(ports, actor, tokenId, 'activate', alongside)
