import type { Refusal } from '../../errors.ts'
import { isLive } from '../../issuing/issued-card.ts'
import type { Issuer } from '../../issuing/issuer.ts'
import type { IssuedCardId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { RotatingCard, Store } from '../../ports.ts'
import type { Caller } from '../caller.ts'

export interface FoundIssuedCard extends RotatingCard {
  readonly issuer: Issuer
}

/**
 * Who asks: for an account that its token names, or, where that is enough, for all accounts of the issuer. wire: pismo
 * §tokens, inferred: where that is
 */
export type AccountNeed = 'account' | 'account or issuer'

/**
 * A card that the caller may reach. Unknown, of another issuer and of another account look the same; so do those that have
 * ended, unless `use` only looks at the record.
 */
export const findIssuedCard = async (
  store: Pick<Store, 'issuedCard' | 'issuer'>,
  caller: Caller,
  cardId: IssuedCardId,
  wish: { readonly need: AccountNeed; readonly use: 'record' | 'cvv'; readonly at: EpochMs },
): Promise<Result<FoundIssuedCard, Refusal>> => {
  const { tenant, accountId } = caller.principal
  if (accountId === undefined && wish.need === 'account') return refuse({ type: 'NotPermitted' })
  const issuer = await store.issuer(tenant.id)
  if (!issuer) return refuse({ type: 'IssuerNotReady', reason: 'not enabled' })
  const found = await store.issuedCard(cardId)
  if (!found || found.card.tenantId !== tenant.id) return refuse({ type: 'IssuedCardNotFound' })
  const { card, rotation } = found
  if (accountId !== undefined && card.accountId !== accountId) return refuse({ type: 'IssuedCardNotFound' })
  if (wish.use === 'cvv' && !hasPciData(issuer, card, wish.at)) return refuse({ type: 'IssuedCardNotFound' })
  return ok({ issuer, card, rotation })
}

/**
 * Where PCI data takes its time, a card has none before. wire: pismo §cards, verified: 404 until then; inferred: for all
 * that concerns the CVV
 */
const hasPciData = ({ settings }: Issuer, card: RotatingCard['card'], at: EpochMs): boolean =>
  isLive(card, at) && at >= card.createdAt + settings.pciDelayMs
