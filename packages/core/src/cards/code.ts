import { ok, type Result, refuse } from '../kernel/result.ts'
import { openSecret, type Secret } from '../kernel/secret.ts'
import type { SecurityCode } from './card.ts'
import { codeLengths, type Scheme } from './scheme.ts'

const digits = /^\d+$/

/** Checks a security code against the length that the card's scheme prints. */
export const parseCode = (
  text: Secret<string>,
  scheme: Scheme,
): Result<SecurityCode, { readonly type: 'InvalidCode' }> => {
  const code = openSecret(text, 'check')
  return digits.test(code) && codeLengths[scheme].includes(code.length)
    ? ok(text)
    : refuse({ type: 'InvalidCode' })
}
