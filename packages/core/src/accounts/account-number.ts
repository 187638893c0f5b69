import type { Brand } from '../kernel/brand.ts'
import { ok, type Result, refuse } from '../kernel/result.ts'
import { openSecret, Secret } from '../kernel/secret.ts'
import type { AccountNumber } from './account.ts'

const digits = /^\d{4,17}$/

/** 4 to 17 digits and nothing else. Leading zeros belong to the number; there is no check digit. */
export const parseAccountNumber = (
  text: Secret<string>,
): Result<AccountNumber, { readonly type: 'InvalidAccountNumber' }> => {
  const number = openSecret(text, 'check')
  return digits.test(number)
    ? ok(new Secret(number as Brand<string, 'AccountNumber'>))
    : refuse({ type: 'InvalidAccountNumber' })
}
