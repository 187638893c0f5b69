import { type Refusal, UnavailableError } from '../../errors.ts'
import { afterReset } from '../../issuing/cvv-tries.ts'
import type { IssuedCardId } from '../../kernel/ids.ts'
import { done, type Result } from '../../kernel/result.ts'
import { auditOf, type Caller } from '../caller.ts'
import { findIssuedCard } from './find-issued-card.ts'
import { subjectOf } from './issued-card-subject.ts'
import type { IssuingPorts } from './issuing-ports.ts'

/** While a card is being guessed at, its counters change as often as tries are under way. */
const attempts = 32

/** Sets both counters of wrong tries to zero, and unlocks what they locked. */
export const resetCvvTries = async (
  { store, clock }: Pick<IssuingPorts, 'store' | 'clock'>,
  caller: Caller,
  cardId: IssuedCardId,
): Promise<Result<void, Refusal>> => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const at = clock.now()
    const found = await findIssuedCard(store, caller, cardId, { need: 'account or issuer', use: 'cvv', at })
    if (!found.ok) return found
    const tries = await store.cvvTries(cardId)
    const reset = await store.commit([
      ...(tries ? [{ type: 'put-cvv-tries', tries: afterReset(tries) } as const] : []),
      auditOf(caller, at, 'cvv.tries-reset', 'success', subjectOf(found.value.card)),
    ])
    if (reset.ok) return done
  }
  throw new UnavailableError('wrong tries could not be forgotten: more came at every attempt')
}
