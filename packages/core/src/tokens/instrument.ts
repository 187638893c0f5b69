import type { BankAccount } from '../accounts/account.ts'
import type { Card } from '../cards/card.ts'

/** What a token stands for. */
export type Instrument = Card | BankAccount

/** Precondition: the token says that it stands for a card; cards and accounts never share one. */
export const needsCard = (instrument: Instrument): Card => {
  if (instrument.type !== 'card') throw new Error('the token of a card stands for something else')
  return instrument
}
