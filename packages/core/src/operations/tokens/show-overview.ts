import type { Refusal } from '../../errors.ts'
import type { TokenId } from '../../kernel/ids.ts'
import { ok, type Result } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import { stateOf } from '../../tokens/lifecycle.ts'
import type { Caller } from '../caller.ts'
import { showNetworkToken } from '../network-tokens/plan-network-token.ts'
import type { CardOverview } from './card-overview.ts'
import { describeCard } from './describe-card.ts'
import { type FoundCard, findCard } from './find-card.ts'
import { auditToken } from './token-actor.ts'
import type { CapturePorts } from './token-ports.ts'

type Ports = Pick<CapturePorts, 'store' | 'cipher' | 'networkTokenCipher' | 'clock'>

/**
 * Tells all that may be told of a card token, of a deleted one too. It is written down first who saw it. wire: verifone
 * §get, inferred
 */
export const showOverview = async (
  ports: Ports,
  caller: Caller,
  tokenId: TokenId,
): Promise<Result<CardOverview, Refusal>> => {
  const { store, clock } = ports
  const at = clock.now()
  const found = await findCard(store, caller, tokenId, 'show', at)
  if (!found.ok) return found
  const overview = await describe(ports, caller, found.value, at)
  await store.commit([auditToken(caller, at, 'token.shown', found.value.token)])
  return ok(overview)
}

const describe = async (
  ports: Ports,
  caller: Caller,
  found: FoundCard,
  at: EpochMs,
): Promise<CardOverview> => {
  const { token } = found
  const state = stateOf(token, at)
  // Its card went when it was deleted.
  if (state === 'deleted') return { token, state, card: undefined, bin: undefined, networkToken: undefined }
  const [described, networkToken] = await Promise.all([
    describeCard(ports, found, at),
    showNetworkToken(ports, caller, token, at),
  ])
  return { ...described, networkToken }
}
