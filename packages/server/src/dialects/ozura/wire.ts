import { type Static, type TSchema, Type } from 'typebox'
import { codePolicyHeader, onceHeader } from '../../http/schemas.ts'

/*
 * The bodies of this API as they stand on the wire. A request's schema lists every field that is accepted, a reply's
 * every field that is sent. Facts and their marks stand in docs/wire/ozura.md.
 *
 * wire: ozura §errors, inferred: what is not listed is refused.
 */

const text = Type.String({ maxLength: 64 })
const name = Type.String({ maxLength: 128, pattern: '^[^\\u0000-\\u001f\\u007f]*$' })
const optional = Type.Optional

// wire: ozura §tokenize, verified; firstName and lastName inferred from /test-tokens
const tokenizeCard = Type.Object(
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

// wire: ozura §bank accounts, the type verified; its fields inferred from the placeholders
const tokenizeBank = Type.Object(
  {
    type: Type.Literal('bank'),
    data: Type.Object(
      {
        accountNumber: text,
        routingNumber: text,
        accountType: optional(text),
        firstName: optional(name),
        lastName: optional(name),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
)

/** `type` says which of the two it is, so that what is wrong is told of that one. */
export const tokenizeBody = Type.Unsafe<Static<typeof tokenizeCard> | Static<typeof tokenizeBank>>({
  type: 'object',
  required: ['type'],
  discriminator: { propertyName: 'type' },
  oneOf: [tokenizeCard, tokenizeBank],
})

/** Cardkeep's own. */
export const tokenizeHeaders = Type.Object({ ...codePolicyHeader, ...onceHeader('Idempotency-Key') })

/** Cardkeep's own. */
export const testTokenHeaders = Type.Object(codePolicyHeader)

// wire: ozura §test tokens, verified: flat, and the code is required; `success` in the reply is inferred
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

const control = {
  token: text,
  cvc_session_id: text,
  proxy_url: Type.String({ maxLength: 2048 }),
  http_method: text,
}

// wire: ozura §form and xml: that these may stand in the query is verified, their names are inferred
export const proxyQuery = Type.Object(
  {
    dry_run: optional(Type.Union([Type.Literal('true'), Type.Literal('false')])),
    token: optional(control.token),
    cvc_session_id: optional(control.cvc_session_id),
    proxy_url: optional(control.proxy_url),
    http_method: optional(control.http_method),
  },
  { additionalProperties: false },
)

// wire: ozura §form and xml: verified but for X-HTTP-Method, which is inferred
export const proxyHeaders = Type.Object({
  'X-Token': optional(control.token),
  'X-CVC-Session-ID': optional(control.cvc_session_id),
  'X-Proxy-URL': optional(control.proxy_url),
  'X-HTTP-Method': optional(control.http_method),
})

// wire: ozura §detokenize, inferred
export const detokenizeBody = Type.Object({ token: text }, { additionalProperties: false })

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

const tokenizeCardReply = Type.Object({
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

// wire: ozura §bank accounts, inferred from the reply to a card
const tokenizeBankReply = Type.Object({
  success: Type.Literal(true),
  token: Type.String(),
  data: Type.Object({
    account_number: Type.String(),
    last4: Type.String(),
    routing_number: Type.String(),
    account_type: optional(Type.String()),
  }),
  mask: Type.Object({ account_number: Type.String() }),
  fingerprint: optional(Type.String()),
  deduplicated: Type.Boolean(),
})

export const tokenizeReply = Type.Union([tokenizeCardReply, tokenizeBankReply])

export const testTokenReply = Type.Object({
  success: Type.Literal(true),
  token: Type.String(),
  cvc_session_id: optional(Type.String()),
  mask,
  bin: Type.String(),
  test_mode: Type.Literal(true),
  expires_in: Type.String(),
})

const forwardReply = Type.Object({
  success: Type.Literal(true),
  proxy_response: Type.Object({
    status_code: Type.Integer(),
    headers: Type.Record(Type.String(), Type.Unknown()),
    body: Type.Unknown(),
  }),
})

const verdict = { passes: Type.Boolean(), says: Type.String() }
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

/** Cardkeep's own. */
const dryRunReply = Type.Object({
  success: Type.Literal(true),
  dry_run: Type.Object({
    passes: Type.Boolean(),
    request: Type.Object({
      method: Type.String(),
      url: Type.String(),
      headers: Type.Record(Type.String(), Type.String()),
      body: nullable(Type.String()),
    }),
    placeholders: Type.Array(
      Type.Object({ value: Type.String(), form: Type.String(), resolves: Type.String() }),
    ),
    verdicts: Type.Object({
      token: Type.Object(verdict),
      destination: Type.Object({
        ...verdict,
        rule: nullable(
          Type.Object({
            id: Type.String(),
            origin: Type.String(),
            path_prefix: nullable(Type.String()),
            methods: Type.Array(Type.String()),
          }),
        ),
      }),
      headers: Type.Object({ ...verdict, header: nullable(Type.String()) }),
      address: Type.Object({ ...verdict, addresses: Type.Array(Type.String()) }),
      tls: Type.Object({ ...verdict, protocol: nullable(Type.String()) }),
      policy: Type.Object(verdict),
      code: Type.Object({ ...verdict, address: nullable(Type.String()) }),
      body: Type.Object({ ...verdict, bytes: nullable(Type.Integer()) }),
    }),
  }),
})

export const proxyReply = Type.Union([forwardReply, dryRunReply])

const holder = { firstName: optional(Type.String()), lastName: optional(Type.String()) }

// wire: ozura §detokenize, inferred
export const detokenizeReply = Type.Object({
  success: Type.Literal(true),
  data: Type.Union([
    Type.Object({
      cardNumber: Type.String(),
      expirationMonth: Type.String(),
      expirationYear: Type.String(),
      ...holder,
    }),
    Type.Object({
      accountNumber: Type.String(),
      routingNumber: Type.String(),
      accountType: optional(Type.String()),
      ...holder,
    }),
  ]),
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
