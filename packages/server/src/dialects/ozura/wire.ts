import { Type } from 'typebox'

/*
 * The bodies of this API as they stand on the wire. A request's schema lists every field that is accepted, a reply's
 * every field that is sent. Facts and their marks stand in docs/wire/ozura.md.
 */

const text = Type.String({ maxLength: 64 })
const name = Type.String({ maxLength: 128, pattern: '^[^\\u0000-\\u001f\\u007f]*$' })
const optional = Type.Optional

// wire: ozura §tokenize, verified; firstName and lastName inferred from /test-tokens
export const tokenizeBody = Type.Object(
  {
    type: Type.Literal('card'),
    data: Type.Object(
      {
        cardNumber: text,
        expirationMonth: text,
        expirationYear: text,
        cvv: optional(text),
        cvc: optional(text),
        firstName: optional(name),
        lastName: optional(name),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
)

// wire: ozura §test-tokens, verified: flat, and the code is required
export const testTokenBody = Type.Object(
  {
    cardNumber: text,
    expirationMonth: text,
    expirationYear: text,
    cvc: text,
    firstName: optional(name),
    lastName: optional(name),
  },
  { additionalProperties: false },
)

// wire: ozura §proxy, verified
export const proxyBody = Type.Object(
  {
    token: text,
    cvc_session_id: optional(text),
    proxy_url: Type.String({ maxLength: 2048 }),
    request_data: Type.Object({}, { additionalProperties: true }),
    http_headers: optional(
      // Without its own pattern a record does not look at the values of names with a line break.
      Type.Record(Type.String({ pattern: '^[^]*$' }), Type.String({ maxLength: 8192 }), {
        maxProperties: 64,
      }),
    ),
    http_method: optional(text),
  },
  { additionalProperties: false },
)

// wire: ozura §delete, inferred: the id as a path segment, in the query, or in the body
export const deleteSessionBody = Type.Union([
  Type.Null(),
  Type.Object({ cvc_session_id: optional(text) }, { additionalProperties: false }),
])
export const deleteSessionQuery = Type.Object(
  { cvc_session_id: optional(text) },
  { additionalProperties: false },
)

const mask = Type.Object({ card_number: Type.String() })

export const tokenizeReply = Type.Object({
  success: Type.Literal(true),
  token: Type.String(),
  data: Type.Object({
    number: Type.String(),
    expiration_month: Type.String(),
    expiration_year: Type.String(),
  }),
  mask,
  cvc_session_id: optional(Type.String()),
  bin: Type.String(),
  fingerprint: optional(Type.String()),
  deduplicated: Type.Boolean(),
})

export const testTokenReply = Type.Object({
  success: Type.Literal(true),
  token: Type.String(),
  cvc_session_id: optional(Type.String()),
  mask,
  bin: Type.String(),
  test_mode: Type.Literal(true),
  expires_in: Type.String(),
})

export const proxyReply = Type.Object({
  success: Type.Literal(true),
  proxy_response: Type.Object({
    status_code: Type.Integer(),
    headers: Type.Record(Type.String(), Type.Unknown()),
    body: Type.Unknown(),
  }),
})

export const deleteSessionReply = Type.Object({ success: Type.Literal(true), message: Type.String() })

const allowed = Type.Object({ allowed: Type.Boolean() })

export const keyReply = Type.Object({
  success: Type.Literal(true),
  message: Type.String(),
  data: Type.Object({
    project_id: Type.String(),
    application_id: Type.String(),
    name: Type.String(),
    permissions: Type.Object({ tokenization: allowed, provisioning: allowed }),
  }),
})

// wire: ozura §errors, verified; retry_after_seconds stands beside the message, inferred
export const refusalBody = Type.Object({
  success: Type.Literal(false),
  message: Type.String(),
  data: Type.Null(),
  retry_after_seconds: optional(Type.Integer()),
})
