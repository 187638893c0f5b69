import { type AccountType, accountTypes, type BankAccount } from '@cardkeep/core/accounts/account'
import { parseAccountNumber } from '@cardkeep/core/accounts/account-number'
import { parseRoutingNumber } from '@cardkeep/core/accounts/routing-number'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { isNeither, readHolder, writeHolder } from './sealed-text.ts'

/** How an account begins where a card has its number, which is digits. */
const mark = 'bank'

/** An account as it is sealed: `["bank", number, routing number, type or null, [first name, last name] or null]` in JSON. */
export const writeAccount = ({ accountNumber, routingNumber, accountType, holder }: BankAccount): Buffer =>
  Buffer.from(
    JSON.stringify([
      mark,
      openSecret(accountNumber, 'seal'),
      routingNumber,
      accountType ?? null,
      writeHolder(holder),
    ]),
  )

export const isAccount = ([first]: readonly unknown[]): boolean => first === mark

/** Throws if the fields are no account. */
export const readAccount = (fields: readonly unknown[]): BankAccount => {
  const [, number, routing, type, names] = fields
  if (typeof number !== 'string' || typeof routing !== 'string' || fields.length !== 5) throw isNeither()
  const accountNumber = parseAccountNumber(new Secret(number))
  const routingNumber = parseRoutingNumber(routing)
  if (!accountNumber.ok || !routingNumber.ok) throw isNeither()
  return {
    type: 'bank',
    accountNumber: accountNumber.value,
    routingNumber: routingNumber.value,
    accountType: readType(type),
    holder: readHolder(names),
  }
}

const readType = (type: unknown): AccountType | undefined => {
  if (type === null) return undefined
  const known = accountTypes.find((name) => name === type)
  if (!known) throw isNeither()
  return known
}
