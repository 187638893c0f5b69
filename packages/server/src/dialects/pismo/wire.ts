import { accountIdAtMost } from '@cardkeep/core/issuing/issued-card'
import { rotationHours } from '@cardkeep/core/issuing/rotation'
import { type TSchema, Type } from 'typebox'
import { oneOf, unwritten } from '../../http/schemas.ts'

/*
 * The bodies of this API as they stand on the wire. A request's schema lists every field that is accepted, and other
 * fields are passed over; a reply's lists every field that is sent. Facts and their marks stand in docs/wire/pismo.md.
 */

const optional = Type.Optional

const orNull = (type: 'string' | 'integer' | 'number', more: object = {}): TSchema =>
  Type.Unsafe({ type: [type, 'null'], ...more })

/** As issuers count accounts and customers. */
const count = Type.Integer({ minimum: 1, maximum: accountIdAtMost })

const cardId = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

/** Any body may be left out where nothing in it is needed. wire: pismo §reset, inferred */
const nothingNeeded = <Properties extends Record<string, TSchema>>(properties: Properties) =>
  Type.Unsafe<{ readonly [Name in keyof Properties]?: string } | null | undefined>({
    type: ['object', 'null'],
    properties,
  })

// wire: pismo §create, verified: the length; what no name holds is inferred
const name = Type.String({
  description: '1 to 50 characters, no control characters, no card number',
  minLength: 1,
  maxLength: 50,
  pattern: `^[^${unwritten}]*$`,
})

// wire: pismo §create, verified
const printedName = Type.String({
  description: '2 to 26 letters from A to Z and spaces',
  minLength: 2,
  maxLength: 26,
  pattern: '^[A-Za-z ]+$',
})

// wire: pismo §change rotation: the least verified, the most inferred
const rotationInterval = Type.Integer({ minimum: rotationHours.least, maximum: rotationHours.most })

/** It stands in clear: shorter than any card number. */
const limit = {
  description: 'Two decimals and twelve digits in all at most',
  ...{ minimum: 0, maximum: accountIdAtMost },
}

const metadata = Type.Unsafe<Readonly<Record<string, unknown>>>({
  description: '4,096 characters of JSON at most, no card number',
  type: 'object',
  additionalProperties: true,
})

export const cardParams = Type.Object({ cardId: Type.String({ minLength: 1 }) })

/* Requests. */

export const grantType = 'client_credentials'

// wire: pismo §tokens, verified; `client_secret` as RFC 6749 names it, and a number for `uid`, are inferred
export const tokenBody = Type.Object({
  grant_type: oneOf([grantType]),
  client_id: Type.String({ minLength: 1, maxLength: 255 }),
  client_secret_string: optional(Type.String({ minLength: 1, maxLength: 255 })),
  client_secret: optional(Type.String({ minLength: 1, maxLength: 255 })),
  scope: optional(Type.String({ maxLength: 2_000 })),
  uid: optional(
    Type.Unsafe<string | number>({
      type: ['string', 'integer'],
      description: 'A whole number of 1 to 12 digits, which may stand in a text',
    }),
  ),
})

// wire: pismo §create, verified
export const createHeaders = Type.Object({
  'x-customer-id': count,
  'x-idempotency-key': optional(Type.String({ minLength: 1, maxLength: 36 })),
})

const cardTypes = ['VIRTUAL', 'PLASTIC', 'TEMPORARY', 'RECURRING'] as const
const named = optional(Type.Object({ id: optional(count) }))

// wire: pismo §create
export const createBody = Type.Object({
  name,
  type: oneOf(cardTypes),
  printed_name: optional(printedName),
  cvv_rotation_interval_hours: optional(rotationInterval),
  contactless_enabled: optional(Type.Boolean()),
  abu_enabled: optional(Type.Boolean()),
  transaction_limit: optional(Type.Number(limit)),
  metadata: optional(metadata),
  validity_period_hours: optional(Type.Unknown()),
  account: named,
  customer: named,
  program: named,
})

// wire: pismo §update; `status` is Cardkeep's own
export const updateBody = Type.Object({
  name: optional(name),
  printed_name: optional(printedName),
  status: optional(oneOf(['NORMAL', 'BLOCKED', 'CANCELED'])),
  contactless_enabled: optional(Type.Boolean()),
  abu_enabled: optional(Type.Boolean()),
  transaction_limit: optional(Type.Unsafe<number | null>(orNull('number', limit))),
  metadata: optional(metadata),
  cvv_rotation_interval_hours: optional(Type.Unknown()),
})

// wire: pismo §reset, from the description; that it is digits is inferred
export const resetBody = nothingNeeded({
  service_code: Type.String({ description: 'Three digits', pattern: String.raw`^\d{3}$` }),
})

// wire: pismo §change rotation, verified
export const changeRotationBody = Type.Object({ cvv_rotation_interval_hours: rotationInterval })

// Cardkeep's own
export const verifyBody = Type.Object({
  cvv: Type.String({ description: 'Three digits', pattern: String.raw`^\d{3}$` }),
  expiration_date: optional(
    Type.String({ description: 'A month and a year: MM/YY', pattern: String.raw`^(?:0[1-9]|1[0-2])/\d{2}$` }),
  ),
})

// wire: pismo §reset tries, verified
export const resetTriesHeaders = Type.Object({ 'x-tenant': Type.String() })
export const resetTriesBody = nothingNeeded({ wallet: oneOf(['216', '103', '217']) })

/* Replies. */

// wire: pismo §tokens, inferred: as RFC 6749, 5.1
export const tokenReply = Type.Object({
  access_token: Type.String(),
  token_type: Type.Literal('Bearer'),
  expires_in: Type.Integer(),
  scope: Type.String(),
})

// RFC 7517, 5: public members alone
export const jwksReply = Type.Object({
  keys: Type.Array(
    Type.Object({
      kty: Type.String(),
      kid: Type.String(),
      use: Type.String(),
      alg: Type.String(),
      n: Type.String(),
      e: Type.String(),
    }),
  ),
})

const dateTime = { format: 'date-time' }

// wire: pismo §card, inferred: names that a client keeps
export const cardReply = Type.Object({
  id: cardId,
  name: Type.String(),
  type: Type.Literal('VIRTUAL'),
  printed_name: Type.String(),
  status: oneOf(['NORMAL', 'BLOCKED', 'CANCELED', 'EXPIRED']),
  account_id: count,
  customer_id: count,
  program_id: count,
  last_four_digits: Type.String(),
  contactless_enabled: Type.Boolean(),
  abu_enabled: Type.Boolean(),
  transaction_limit: orNull('number'),
  cvv_rotation_interval_hours: orNull('integer'),
  cvv_next_rotation_date: orNull('string', dateTime),
  expiration_date: Type.String(dateTime),
  issuing_date: Type.String(dateTime),
  metadata: optional(metadata),
})

// wire: pismo §pci info: the first eight verified, the others inferred
export const pciInfoReply = Type.Object({
  org_id: Type.String(),
  card_id: cardId,
  service_code: Type.String(),
  correlation_id: Type.String(),
  account_id: count,
  type: Type.Literal('VIRTUAL'),
  printed_name: Type.String(),
  valid_until: orNull('string', dateTime),
  card_number: Type.String(),
  cvv: Type.String(),
  expiration_date: Type.String(),
})

// wire: pismo §reset, from the description
export const successReply = Type.Object({ success: Type.Boolean() })

// wire: pismo §change rotation, verified
export const changeRotationReply = Type.Object({
  id: cardId,
  cvv_rotation_interval_hours: rotationInterval,
})

export const verifyReply = Type.Object({ valid: Type.Boolean() })

// wire: pismo §errors, verified for a sister API, inferred for this one
export const refusalBody = Type.Object({ error_code: Type.String(), message: Type.String() })
