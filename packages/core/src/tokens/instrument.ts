import type { BankAccount } from '../accounts/account.ts'
import type { Card } from '../cards/card.ts'

/** What a token stands for. */
export type Instrument = Card | BankAccount
