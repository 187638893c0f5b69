import { type Static, Type } from 'typebox'
import { codePolicyHeader, fewerThanTwelveDigits, onceHeader } from '../../http/schemas.ts'

/*
 * The bodies of this API as they stand on the wire. A request's schema lists every field that is accepted, a reply's
 * every field that is sent. Facts and their marks stand in docs/wire/hellgate.md.
 *
 * wire: hellgate §conventions, inferred: what is not listed is refused.
 */

const optional = Type.Optional

// wire: hellgate §conventions, verified: no empty texts, `null` is as none
// wire: hellgate §import, inferred: whoever types a card number for a name is refused, in any digits, because a name is told
// again in clear
const name = {
  minLength: 1,
  maxLength: 128,
  pattern: `${fewerThanTwelveDigits}[^\\u0000-\\u001f\\u007f]*$`,
}
const nullableName = Type.Unsafe<string | null>({ type: ['string', 'null'], ...name })
const text = Type.String({ minLength: 1, maxLength: 64 })

// wire: hellgate §conventions, verified; how long a key is kept and what a conflict answers is inferred
const once = onceHeader('X-Idempotency-Key')
export const onceHeaders = Type.Object(once)
export const importHeaders = Type.Object({ ...codePolicyHeader, ...once })

// wire: hellgate §import, verified
export const importBody = Type.Object(
  {
    cardholder_name: optional(nullableName),
    expiry_month: Type.Integer({ minimum: 1, maximum: 12 }),
    expiry_year: Type.Integer({ minimum: 2000 }),
    account_number: text,
    security_code: optional(
      Type.Unsafe<string | null>({ type: ['string', 'null'], minLength: 3, maxLength: 4 }),
    ),
  },
  { additionalProperties: false },
)

// wire: hellgate §sessions, verified: the body may be missing
const tokenSessionFields = Type.Object(
  {
    bypass_identification: optional(Type.Boolean()),
    expiration_time: optional(Type.Integer({ minimum: 1, maximum: 2_592_000 })),
  },
  { additionalProperties: false },
)
export const tokenSessionBody = Type.Unsafe<Static<typeof tokenSessionFields> | null>({
  ...tokenSessionFields,
  type: ['object', 'null'],
})

// wire: hellgate §list, verified; that a query has nothing else is inferred
export const listQuery = Type.Object(
  {
    limit: optional(
      Type.String({
        description: '1 to 500, 50 unless given',
        pattern: '^(?:[1-9]|[1-9]\\d|[1-4]\\d\\d|500)$',
      }),
    ),
    page: optional(Type.String({ description: 'From 1', pattern: '^[1-9]\\d{0,8}$' })),
    from: optional(Type.String({ description: 'A date or a date-time', maxLength: 40 })),
    to: optional(
      Type.String({ description: 'A date, whose day belongs to it, or a date-time', maxLength: 40 }),
    ),
    sort: optional(
      Type.String({
        description: '`created_at+asc` or `created_at+desc`, its plus sign as it is or escaped',
        pattern: '^created_at[+ ](?:asc|desc)$',
      }),
    ),
    network_token_status: optional(
      Type.String({ description: 'One status or several, with commas between them', maxLength: 100 }),
    ),
  },
  { additionalProperties: false },
)

const payload = Type.String({ minLength: 1, maxLength: 16_384, description: 'A compact JWE' })
const cardholder = { cardholder_name: optional(nullableName) }

/** The payer's name, and what else the vendor's SDKs send beside a card and the vault has no use for. */
const additionalData = Type.Unsafe<{ readonly cardholder_name?: string | null } | null>({
  ...Type.Object(cardholder),
  type: ['object', 'null'],
})

// wire: hellgate §complete-action, verified; `additional_data` beside the payload is that of older SDKs
export const completeActionBody = Type.Object(
  {
    action: Type.Union([Type.Literal('tokenize_card'), Type.Literal('refresh_security_code')]),
    result: Type.Object(
      { enc_payload: payload, additional_data: optional(additionalData) },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
)

/*
 * What a browser seals. wire: hellgate §payloads, verified. Inferred: a code may be missing, and fields that are not
 * listed are passed over, because other versions of the SDKs send more.
 */
export const cardPayload = Type.Object({
  account_number: text,
  expiry_month: Type.Integer({ minimum: 1, maximum: 12 }),
  expiry_year: Type.Integer({ minimum: 2000 }),
  security_code: optional(Type.String({ maxLength: 4 })),
  ...cardholder,
  additional_data: optional(additionalData),
  ephemeral: optional(Type.Boolean()),
  expiration_date: optional(Type.String({ maxLength: 40 })),
})

export const codePayload = Type.Object({ security_code: Type.String({ maxLength: 4 }) })

// wire: hellgate §forward, verified; X-CVC-Session-ID is Cardkeep's own. They are asked for by `decode`, which reads all.
export const forwardHeaders = Type.Object({
  'X-Hellgate-Token': Type.String({ description: 'The token' }),
  'X-Destination-URL': Type.String({ description: 'Where to send it' }),
  'X-CVC-Session-ID': optional(Type.String({ description: 'Where the code is held, if not by the token' })),
})

export const forwardBody = Type.String({
  description: 'JSON in which placeholders stand in strings, or, for a number, without quotation marks',
})

const sessionId = Type.String({ format: 'uuid' })

export const sessionReply = Type.Object({ session_id: sessionId })

const lastFour = Type.String({ pattern: '^\\d{4}$' })

// wire: hellgate §token, verified; fields that this vault never has are left out
export const tokenReply = Type.Object({
  id: Type.String({ format: 'uuid' }),
  cardholder_name: optional(Type.String()),
  card_art_url: Type.String(),
  created_at: Type.String({ format: 'date-time' }),
  expiry_month: Type.Integer({ minimum: 1, maximum: 12 }),
  expiry_year: Type.Integer({ minimum: 2000 }),
  expires_at: optional(Type.String({ format: 'date-time' })),
  invalidated_at: optional(Type.String({ format: 'date-time' })),
  issuer_identification_number: Type.String({ pattern: '^(?:\\d{6}|\\d{8})$' }),
  account_number_last_four: lastFour,
  account_number_length: Type.Integer(),
  masked_account_number: Type.String({ pattern: '^\\d{6}\\*{3,9}\\d{4}$' }),
  bank_name: optional(Type.String()),
  segment: optional(Type.Union([Type.Literal('consumer'), Type.Literal('commercial')])),
  status: Type.Union([Type.Literal('active'), Type.Literal('invalid')]),
  type: optional(
    Type.Union(
      (['credit', 'debit', 'prepaid', 'charge', 'deferred', 'unknown'] as const).map((type) =>
        Type.Literal(type),
      ),
    ),
  ),
  currency_code: optional(Type.String({ minLength: 3, maxLength: 3 })),
  country_code: optional(Type.String({ minLength: 2, maxLength: 2 })),
  network_token_status: Type.Literal('not_available'),
  scheme: Type.Union(
    (
      [
        'VISA',
        'Mastercard',
        'American Express',
        'Discover',
        'Diners Club',
        'JCB',
        'UnionPay',
        'Unknown',
      ] as const
    ).map((scheme) => Type.Literal(scheme)),
  ),
  identity_and_verification: Type.Literal('none'),
})

export const listReply = Type.Object({
  data: Type.Array(tokenReply),
  pagination: Type.Object({
    current_page: Type.Integer(),
    page_size: Type.Integer(),
    total_items: Type.Integer(),
    total_pages: Type.Integer(),
  }),
})

const jwk = Type.Object({ kty: Type.Literal('RSA'), n: Type.String(), e: Type.String() })

// wire: hellgate §session states, verified; provider, api_key and base_url serve SDKs that nobody publishes any more
const tokenizeState = Type.Object({
  next_action: Type.Literal('tokenize_card'),
  data: Type.Object({
    provider: Type.Literal('guardian'),
    api_key: Type.String(),
    base_url: Type.String(),
    jwk,
  }),
})

const refreshState = Type.Object({
  next_action: Type.Literal('refresh_security_code'),
  data: Type.Object({
    account_number_last_four: lastFour,
    account_number_length: Type.Integer(),
    issuer_identification_number: Type.String({ pattern: '^(?:\\d{6}|\\d{8})$' }),
    expiry_month: Type.Integer(),
    expiry_year: Type.Integer(),
    scheme: Type.String(),
    jwk,
  }),
})

const waitState = Type.Object({ next_action: Type.Literal('wait'), data: Type.Object({}) })

const successState = Type.Object({
  next_action: Type.Null(),
  status: Type.Literal('success'),
  data: Type.Object({ token_id: Type.String({ format: 'uuid' }) }),
})

const failureState = Type.Object({
  next_action: Type.Null(),
  status: Type.Literal('failure'),
  data: Type.Object({ reason: Type.String(), reason_code: Type.String() }),
})

export const sessionStateReply = Type.Union([
  tokenizeState,
  refreshState,
  waitState,
  successState,
  failureState,
])

// wire: hellgate §code held, inferred
export const codeHeldReply = Type.Object({ security_code_available: Type.Boolean() })

/** Cardkeep's own: the address is verified, the picture is not. */
export const cardArtReply = Type.String()

/** Whatever the destination said. */
export const relayedReply = Type.String()

// wire: hellgate §errors, verified
export const refusalBody = Type.Object({
  code: Type.Integer(),
  classifier: Type.String(),
  message: Type.String(),
  validation_errors: optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
})
