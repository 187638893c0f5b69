import type { Refusal } from '../../errors.ts'
import type { IssuedCardId } from '../../kernel/ids.ts'
import { ok, type Result } from '../../kernel/result.ts'
import type { RotatingCard } from '../../ports.ts'
import type { Caller } from '../caller.ts'
import { findIssuedCard } from './find-issued-card.ts'
import type { IssuingPorts } from './issuing-ports.ts'

/** What may be told of a card: neither its number nor its CVV. Also of one that has ended. */
export const showIssuedCard = async (
  { store, clock }: Pick<IssuingPorts, 'store' | 'clock'>,
  caller: Caller,
  cardId: IssuedCardId,
): Promise<Result<RotatingCard, Refusal>> => {
  const wish = { need: 'account', use: 'record', at: clock.now() } as const
  const found = await findIssuedCard(store, caller, cardId, wish)
  if (!found.ok) return found
  const { card, rotation } = found.value
  return ok({ card, rotation })
}
