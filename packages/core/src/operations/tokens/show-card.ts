import type { Refusal } from '../../errors.ts'
import type { TokenId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { CardCipher, Clock, Store } from '../../ports.ts'
import { verdictOn } from '../../tokens/lifecycle.ts'
import type { CardToken } from '../../tokens/token.ts'
import type { Caller } from '../caller.ts'
import { type DescribedCard, describeCard } from './describe-card.ts'
import { findCard } from './find-card.ts'
import { auditToken } from './token-actor.ts'

type Ports = { readonly store: Store; readonly cipher: CardCipher; readonly clock: Clock }

/** Tells what may be told of a card token that is neither deleted nor past its time. It is written down first who saw it. */
export const showCard = async (
  ports: Ports,
  caller: Caller,
  tokenId: TokenId,
): Promise<Result<DescribedCard, Refusal>> => {
  const { store, clock } = ports
  const at = clock.now()
  const found = await findCard(store, caller, tokenId, 'show card', at)
  if (!found.ok) return found
  const described = await describeCard(ports, found.value, at)
  await store.commit([auditToken(caller, at, 'token.shown', found.value.token)])
  return ok(described)
}

/** The mask and scheme of a token, for the picture of its card: for whoever knows its id, and no more than a picture shows. */
export const showCardFace = async (
  { store, clock }: Pick<Ports, 'store' | 'clock'>,
  tokenId: TokenId,
): Promise<Result<CardToken, Refusal>> => {
  const token = await store.token(tokenId)
  const isShown = token?.type === 'card' && verdictOn('show card', token, clock.now()) === 'does'
  return isShown ? ok(token) : refuse({ type: 'TokenNotFound' })
}
