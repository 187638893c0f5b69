import type { Holder } from '../cards/card.ts'
import type { Brand } from '../kernel/brand.ts'
import type { Secret } from '../kernel/secret.ts'

/** 4 to 17 digits, as NACHA files carry them. */
export type AccountNumber = Secret<Brand<string, 'AccountNumber'>>

/** Nine digits with a valid ABA check digit. It names a bank and is printed on every cheque: no secret. */
export type RoutingNumber = Brand<string, 'RoutingNumber'>

export const accountTypes = ['checking', 'savings'] as const
export type AccountType = (typeof accountTypes)[number]

/** What is stored of a bank account, sealed. */
export interface BankAccount {
  readonly type: 'bank'
  readonly accountNumber: AccountNumber
  readonly routingNumber: RoutingNumber
  readonly accountType: AccountType | undefined
  readonly holder: Holder | undefined
}

/** What may be shown of an account. */
export interface AccountMask {
  /** At most the last four digits, and never more than half of them. */
  readonly last4: string
  /** how many digits the number has */
  readonly length: number
}
