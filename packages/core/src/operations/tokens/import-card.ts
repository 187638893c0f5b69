import type { Refusal } from '../../errors.ts'
import { ok, type Result } from '../../kernel/result.ts'
import { stateOf } from '../../tokens/lifecycle.ts'
import { type Alongside, none } from '../alongside.ts'
import type { Caller } from '../caller.ts'
import { describeBin } from './describe-bin.ts'
import type { DescribedCard } from './describe-card.ts'
import type { GivingPorts } from './token-ports.ts'
import { type TokenizeCard, type TokenizedCard, tokenizeCard } from './tokenize-card.ts'

/** Gives out a token for a card that another system had, an expired one too, and tells what may be told of it. */
export const importCard = async (
  ports: GivingPorts,
  caller: Caller,
  command: TokenizeCard,
  alongside: Alongside<DescribedCard> = none,
): Promise<Result<DescribedCard, Refusal>> => {
  const at = ports.clock.now()
  // Before the commit, which may have to carry the whole reply.
  const bin = await describeBin(ports.store, command.card.pan)
  const describe = ({ token, card }: TokenizedCard): DescribedCard => ({
    token,
    state: stateOf(token, at),
    card,
    bin,
  })
  const made = await tokenizeCard(ports, caller, command, (given) => alongside(describe(given)))
  return made.ok ? ok(describe(made.value)) : made
}
