import type { BinRecord } from '../../bins/bin.ts'
import type { Card } from '../../cards/card.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { CardCipher, Store } from '../../ports.ts'
import { needsCard } from '../../tokens/instrument.ts'
import { stateOf, type TokenState } from '../../tokens/lifecycle.ts'
import type { CardToken } from '../../tokens/token.ts'
import { describeBin } from './describe-bin.ts'
import type { FoundCard } from './find-card.ts'

/** A card token with what may be told of its card, for the encoder of a dialect: it shows a mask, never the number. */
export interface DescribedCard {
  readonly token: CardToken
  readonly state: TokenState
  readonly card: Card
  /** What the operator's table says of it. */
  readonly bin: BinRecord | undefined
}

/** The expiry and the name are part of what is sealed, so the card is opened. */
export const describeCard = async (
  { store, cipher }: { readonly store: Store; readonly cipher: CardCipher },
  { token, place }: FoundCard,
  at: EpochMs,
): Promise<DescribedCard> => {
  const card = needsCard(await cipher.open(place, token.sealed))
  return { token, state: stateOf(token, at), card, bin: await describeBin(store, card.pan) }
}
