import { openSecret } from '../kernel/secret.ts'
import type { AccountMask, AccountNumber } from './account.ts'

/** Numbers of accounts may be so short that four digits would be all of them. */
export const maskAccount = (accountNumber: AccountNumber): AccountMask => {
  const digits = openSecret(accountNumber, 'mask')
  const shown = Math.min(4, Math.floor(digits.length / 2))
  return { last4: digits.slice(-shown), length: digits.length }
}

/** `*` and the last four: `*****6789`. */
export const spellAccountMask = ({ last4, length }: AccountMask): string =>
  '*'.repeat(length - last4.length) + last4
