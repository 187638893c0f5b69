import { codeLengths, type Scheme } from '@cardkeep/core/cards/scheme'

/*
 * The words of the published SDK 3.8.1 (docs/wire/hellgate.md), between its side in the merchant's page and the fields.
 */

/** One input. */
export const parts = ['cardNumber', 'cardExpirationDate', 'cardVerificationCode', 'text'] as const
export type Part = (typeof parts)[number]

/** What a frame is asked to be: one input, or the three of a card in a row. */
export const fieldTypes = ['card', ...parts] as const
export type FieldType = (typeof fieldTypes)[number]

export const partsOf: Readonly<Record<FieldType, readonly Part[]>> = {
  card: ['cardNumber', 'cardExpirationDate', 'cardVerificationCode'],
  cardNumber: ['cardNumber'],
  cardExpirationDate: ['cardExpirationDate'],
  cardVerificationCode: ['cardVerificationCode'],
  text: ['text'],
}

export type ErrorCode = 'NOT_COMPLETE' | 'SCHEME_NOT_SUPPORTED' | 'LUHN_CHECK_FAILED' | 'INVALID_EXPIRY_DATE'

/** Where its name for a card brand is another than ours. */
const otherNames: Partial<Record<Scheme, string>> = { amex: 'american-express', diners: 'diners-club' }

export const spellBrand = (scheme: Scheme): string | undefined =>
  scheme === 'unknown' ? undefined : (otherNames[scheme] ?? scheme)

const schemes = Object.keys(codeLengths) as Scheme[]

export const schemeOfBrand = (brand: string | undefined): Scheme =>
  schemes.find((scheme) => spellBrand(scheme) === brand) ?? 'unknown'
