import type { Refusal } from '../../errors.ts'
import { ok, type Result } from '../../kernel/result.ts'
import type { CardCipher, Clock, Store, TokenPage } from '../../ports.ts'
import { auditOf, type Caller } from '../caller.ts'
import { type DescribedCard, describeCard } from './describe-card.ts'

type Ports = { readonly store: Store; readonly cipher: CardCipher; readonly clock: Clock }

export type ListCards = Omit<TokenPage, 'at'>

export interface ListedCards {
  readonly cards: readonly DescribedCard[]
  /** On all pages. */
  readonly total: number
}

/** The card tokens in the caller's scopes, page by page. It is written down first who saw them. */
export const listCards = async (
  ports: Ports,
  caller: Caller,
  command: ListCards,
): Promise<Result<ListedCards, Refusal>> => {
  const { store, clock } = ports
  const { tenant } = caller.principal
  const at = clock.now()
  const { limit, offset } = command
  const total = await store.countCardTokens(tenant, { ...command, at })
  // A page past the last costs a walk through all tokens, and an embedded store answers nobody else meanwhile.
  const tokens = offset < total ? await store.cardTokens(tenant, { ...command, at }) : []
  const cards: DescribedCard[] = []
  // One after the other: a long list must not take every connection to the database from those who pay.
  for (const token of tokens) {
    const place = { scopeId: token.scopeId, environment: tenant.environment, tokenId: token.id }
    cards.push(await describeCard(ports, { token, place }, at))
  }
  await store.commit([
    auditOf(
      caller,
      at,
      'token.shown',
      'success',
      { type: 'tenant', id: tenant.id },
      { by: 'list', count: cards.length, offset, limit },
    ),
  ])
  return ok({ cards, total })
}
