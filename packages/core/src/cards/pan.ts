import type { Brand } from '../kernel/brand.ts'
import { ok, type Result, refuse } from '../kernel/result.ts'
import { openSecret, Secret } from '../kernel/secret.ts'
import { passesLuhn } from './luhn.ts'

/** 13 to 19 digits with a valid check digit (ISO/IEC 7812-1). */
export type Pan = Secret<Brand<string, 'Pan'>>

const separators = /[ -]/g
const digits = /^\d{13,19}$/

/** Strips spaces and dashes, as people type them, and checks length and check digit. */
export const parsePan = (text: Secret<string>): Result<Pan, { readonly type: 'InvalidCardNumber' }> => {
  const bare = openSecret(text, 'check').replace(separators, '')
  if (!digits.test(bare) || !passesLuhn(bare)) return refuse({ type: 'InvalidCardNumber' })
  return ok(new Secret(bare as Brand<string, 'Pan'>))
}
