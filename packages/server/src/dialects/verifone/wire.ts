import { type TSchema, Type } from 'typebox'
import { codePolicyHeader, fewerThanTwelveDigits, oneOf, unwritten } from '../../http/schemas.ts'
import { countryCodes } from './countries.ts'
import { currenciesRead, currenciesWritten } from './currencies.ts'

/*
 * The bodies of this API as they stand on the wire. A request's schema lists every field that is accepted, and other
 * fields are passed over; a reply's lists every field that is sent. Where a text has a form, `description` says in words
 * what it must be, and callers are told so. Facts and their marks stand in docs/wire/verifone.md.
 *
 * wire: verifone §put, §patch: inferred are the lengths that no page names.
 */

const optional = Type.Optional

const hex = '[0-9A-Fa-f]'
const uuidForm = `${hex}{8}-${hex}{4}-${hex}{4}-${hex}{4}-${hex}{12}`

const uuid = Type.String({ description: 'A UUID', format: 'uuid', pattern: `^${uuidForm}$`, maxLength: 36 })

const flexibleUuid = Type.String({
  description: 'A UUID, with or without hyphens',
  pattern: `^(?:${uuidForm}|${hex}{32})$`,
  maxLength: 36,
})

const date = Type.String({ format: 'date' })

// wire: verifone §put, verified: no limit; a card makes a kilobyte of it, and a padded one is no more than this; §encrypted
// cards, inferred
const encryptedCard = Type.String({ minLength: 1, maxLength: 32 * 1024 })

// wire: verifone §put, inferred: nobody's alias is longer
const alias = Type.String({ minLength: 1, maxLength: 255 })

/**
 * A name as a card has it. wire: verifone §encrypted cards, §patch, inferred: whoever types a card number for a name is
 * refused; `holdsManyDigits` has the rest of it.
 */
export const holderForm = new RegExp(`${fewerThanTwelveDigits}[^${unwritten}]*$`, 'u')
export const longestHolder = 30
const shortEnough = new RegExp(`^.{0,${longestHolder}}`, 'su')
/** As much of a name as this API tells; characters are counted as schemas count them. */
export const cutHolder = (name: string): string => shortEnough.exec(name)?.[0] ?? ''

const holder = Type.String({
  description: 'A name with fewer than twelve digits and no control characters',
  maxLength: longestHolder,
  pattern: holderForm.source,
})

// wire: verifone §patch, verified: it is checked only for an @ that no quotation marks hold
const email = Type.String({
  description: 'An email address: something, an @ outside of quotation marks, and something behind it',
  minLength: 3,
  maxLength: 254,
  pattern: String.raw`^(?:[^@"${unwritten}]|"(?:[^"\\${unwritten}]|\\[^${unwritten}])*")+@[^${unwritten}]+$`,
})

const tokenTypes = ['REUSE', 'ANALYTICS', 'REUSE_AND_ANALYTICS'] as const
const reuseTokenTypes = ['CHASE', 'INTERNAL', 'TAVE'] as const
const schemeTokenActions = ['ACTIVATE', 'SUSPEND', 'DELETE'] as const

export const writeHeaders = Type.Object(codePolicyHeader)

// wire: verifone §put, verified
export const tokenParams = Type.Object({ id: Type.String({ minLength: 14, maxLength: 255 }) })

// wire: verifone §put, verified; the lengths of alias and brand are inferred
export const putBody = Type.Object({
  token_scope: uuid,
  encrypted_card: encryptedCard,
  public_key_alias: alias,
  card_brand: optional(Type.String({ maxLength: 64 })),
  token_type: optional(oneOf(tokenTypes, 'REUSE')),
  reuse_token_type: optional(oneOf(reuseTokenTypes, 'INTERNAL')),
  token_expiry_date: optional(date),
  token_context: optional(
    Type.Object({
      entity_id: optional(flexibleUuid),
      payment_provider_contract: optional(flexibleUuid),
    }),
  ),
})

// wire: verifone §patch, verified
export const patchBody = Type.Object({
  encrypted_card: optional(encryptedCard),
  cvv: optional(Type.String({ maxLength: 30 })),
  card_holder_name: optional(holder),
  card_holder_email: optional(email),
  expiry_month: optional(Type.Integer({ minimum: 1, maximum: 12 })),
  expiry_year: optional(Type.Integer({ maximum: 9999 })),
  token_expiry_date: optional(date),
  public_key_alias: optional(alias),
  scheme_token_action: optional(oneOf(schemeTokenActions)),
})

/* Replies. */

const bin = Type.String({ minLength: 4, maxLength: 11 })
const lastFour = Type.String({ maxLength: 4 })
const month = Type.Integer({ maximum: 12 })
const year = Type.Integer({ maximum: 9999 })
const country = oneOf(countryCodes)
const status = oneOf(['DELETED', 'ACTIVE', 'SUSPENDED'])

const binDetails = Type.Object({
  bin,
  brand: optional(Type.String()),
  issuer_country: country,
  issuer_name: optional(Type.String()),
  last_four: lastFour,
  type: optional(oneOf(['DEBIT', 'CREDIT'])),
  variant: optional(Type.String()),
})

// wire: verifone §where the description contradicts itself
const schemeToken = (active: 'VALID' | 'ACTIVE', longestReference: number): TSchema =>
  Type.Object({
    network_token: optional(Type.String({ minLength: 12, maxLength: 16 })),
    status: oneOf([active, 'SUSPENDED', 'DELETED']),
    expiry_month: optional(month),
    expiry_year: optional(year),
    payment_account_reference: optional(Type.String({ maxLength: longestReference })),
  })

/** In all three replies. What tells of the card is missing once it is gone. */
const shared = {
  bin: optional(bin),
  expiry_month: optional(month),
  expiry_year: optional(year),
  last_four: optional(lastFour),
  card_holder_name: optional(Type.String({ maxLength: longestHolder })),
  bin_details: optional(binDetails),
  updated_at: optional(date),
  created_at: optional(date),
  token_expiry_date: optional(date),
  token_status: optional(status),
  issuer_country: optional(country),
}

const names = {
  reuse_token: optional(Type.String({ minLength: 14, maxLength: 255 })),
  analytics_token: optional(Type.String()),
  reuse_token_type: optional(oneOf(reuseTokenTypes)),
  token_scope: optional(Type.String({ format: 'uuid' })),
}

// wire: verifone §token, verified
export const cardReply = Type.Object({
  ...names,
  ...shared,
  currency: optional(oneOf(currenciesWritten)),
  scheme_token: optional(schemeToken('VALID', 50)),
})

// wire: verifone §token, verified
export const tokenReply = Type.Object({
  ...names,
  ...shared,
  brand: optional(Type.String()),
  issuer_name: optional(Type.String()),
  currency: optional(oneOf(currenciesRead)),
  type: optional(oneOf(['DEBIT', 'CREDIT'])),
  variant: optional(Type.String()),
  scheme_token: optional(schemeToken('VALID', 50)),
})

// wire: verifone §token, verified
export const patchReply = Type.Object({
  ...shared,
  card_holder_email: optional(Type.String({ minLength: 3, maxLength: 254 })),
  currency: optional(oneOf(currenciesWritten)),
  scheme_token: optional(schemeToken('ACTIVE', 29)),
})

// wire: verifone §capture keys, verified
export const captureKeyReply = Type.Object({
  public_key: Type.String(),
  public_key_alias: Type.String(),
  created_at: Type.String({ format: 'date-time' }),
})

export const captureKeysReply = Type.Object({ public_keys: Type.Array(captureKeyReply) })

// wire: verifone §errors, verified; what stands in an entry of `details` is inferred
export const refusalBody = Type.Object({
  message: Type.String(),
  code: Type.Integer(),
  timestamp: Type.Integer(),
  details: Type.Record(Type.String(), Type.Object({ message: Type.String() })),
  reversal_status: oneOf(['NONE', 'REQUIRED', 'COMPLETED']),
})
