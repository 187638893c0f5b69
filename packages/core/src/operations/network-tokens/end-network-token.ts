import type { Change } from '../../changes.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { Store } from '../../ports.ts'
import type { StoredToken } from '../../tokens/token.ts'
import { auditToken, type TokenActor } from '../tokens/token-actor.ts'

/**
 * Ends what a card scheme gave out for the number that a token stands for, because the token stands for it no more. It is
 * written down where there was any.
 */
export const endNetworkToken = async (
  store: Pick<Store, 'networkToken'>,
  actor: TokenActor,
  token: StoredToken,
  at: EpochMs,
): Promise<readonly Change[]> => {
  const found = await store.networkToken(token.id)
  return [
    { type: 'end-network-tokens', tokenId: token.id, at },
    ...(found && found.status !== 'deleted' ? [auditToken(actor, at, 'network-token.deleted', token)] : []),
  ]
}
