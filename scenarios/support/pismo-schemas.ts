import { closed, faultAgainst, judgeBy, type PublishedAnswers } from './published-answers.ts'

/*
 * What the Pismo pages say of their answers, and where they are silent what Cardkeep says in docs/wire/pismo.md: as they
 * read, and without a look at how the vault encodes them. Nothing may be sent that is not listed here.
 */

const orNull = (schema: { readonly type: string }) => ({ ...schema, type: [schema.type, 'null'] })

const text = { type: 'string', minLength: 1 }
const id = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER }
const uuid = { type: 'string', format: 'uuid' }
const moment = { type: 'string', format: 'date-time' }
const tenant = {
  type: 'string',
  pattern: '^TN-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
}
const hours = { type: 'integer', minimum: 1, maximum: 8_760 }
const flag = { type: 'boolean' }
const cardStatus = {
  enum: [
    ...['CREATED', 'UMBOUND', 'NORMAL', 'REISSUED', 'BLOCKED', 'PENDING', 'WARNING', 'INOPERATIVE', 'LOST'],
    ...['ROBBED', 'CANCELED', 'FRAUD', 'DAMAGED', 'EXPIRED', 'DELETED', 'BROKEN', 'THEFT', 'DEFECT'],
  ],
}
const name = { type: 'string', minLength: 1, maxLength: 50 }
const printedName = { type: 'string', pattern: '^[A-Za-z ]{2,26}$' }
const expiry = { type: 'string', pattern: '^(0[1-9]|1[0-2])/[0-9]{2}$' }

const accessToken = closed(
  {
    access_token: { type: 'string', pattern: '^[\\w-]+\\.[\\w-]+\\.[\\w-]+$' },
    token_type: { const: 'Bearer' },
    expires_in: { const: 3_600 },
    scope: { type: 'string' },
  },
  ['access_token', 'token_type', 'expires_in'],
)

/** RFC 7517; of a public RSA key, and nothing of its private half. */
const jwks = closed({
  keys: {
    type: 'array',
    items: closed({
      kty: { const: 'RSA' },
      kid: uuid,
      alg: { const: 'RS256' },
      use: { const: 'sig' },
      n: { type: 'string', pattern: '^[\\w-]{342}$' },
      e: { const: 'AQAB' },
    }),
  },
})

/** Neither number nor CVV. */
const card = closed(
  {
    id,
    account_id: id,
    customer_id: id,
    program_id: { const: 1 },
    name,
    printed_name: printedName,
    type: { const: 'VIRTUAL' },
    status: cardStatus,
    contactless_enabled: flag,
    abu_enabled: flag,
    cvv_rotation_interval_hours: { ...hours, type: ['integer', 'null'] },
    cvv_next_rotation_date: orNull(moment),
    last_four_digits: { type: 'string', pattern: '^[0-9]{4}$' },
    transaction_limit: { type: ['number', 'null'] },
    metadata: { type: ['object', 'null'] },
    expiration_date: { type: 'string' },
    issuing_date: moment,
  },
  [
    ...['id', 'account_id', 'customer_id', 'name', 'printed_name', 'type', 'status'],
    ...['contactless_enabled', 'cvv_rotation_interval_hours'],
  ],
)

const pciInfo = closed({
  org_id: tenant,
  card_id: id,
  service_code: { type: 'string', pattern: '^[0-9]{3}$' },
  correlation_id: uuid,
  account_id: id,
  type: { const: 'VIRTUAL' },
  printed_name: printedName,
  valid_until: orNull({ type: 'string' }),
  expiration_date: expiry,
  card_number: { type: 'string', pattern: '^[0-9]{16}$' },
  cvv: { type: 'string', pattern: '^[0-9]{3}$' },
})

const success = closed({ success: { const: true } })
const verdict = closed({ valid: flag })
const changed = closed({ id, cvv_rotation_interval_hours: hours })
/** Never what was sent: no digits run on in it as in a card number. */
const error = closed({
  error_code: { type: 'string', pattern: '^[A-Z][A-Z0-9_]+$' },
  message: { ...text, not: { pattern: '[0-9]{13}' } },
})

/** By method and path; `none` for an answer without a body. */
const goodAnswers: PublishedAnswers['good'] = [
  ['POST', /^\/passport\/v2\/oauth\/token$/, 200, accessToken],
  ['GET', /^\/passport\/v2\/jwks$/, 200, jwks],
  ['POST', /^\/wallet\/v2\/cards$/, 201, card],
  ['GET', /^\/wallet\/v[12]\/cards\/[^/]+$/, 200, card],
  ['PATCH', /^\/wallet\/v2\/cards\/[^/]+$/, 200, card],
  [
    'PATCH',
    /^\/(?:cards-tokenization\/v1|wallet\/v2)\/cards\/[^/]+\/config\/reset-cvv2-try-counter$/,
    200,
    success,
  ],
  ['GET', /^\/pcicards\/v2\/pcicards\/info\/[^/]+$/, 200, pciInfo],
  ['POST', /^\/pcicards\/v2\/pcicards\/cvv\/[^/]+\/reset$/, 200, success],
  ['POST', /^\/pcicards\/v2\/pcicards\/cvv\/[^/]+\/verify$/, 200, verdict],
  ['PATCH', /^\/pcicards\/v2\/pcicards\/cvv\/[^/]+\/change-rotation$/, 200, changed],
  ['DELETE', /^\/pcicards\/v2\/pcicards\/cvv\/[^/]+\/delete-rotation$/, 204, 'none'],
]

/** An event as a subscriber gets it. */
const rotateCvv = closed({
  event_id: uuid,
  domain: { const: 'cards' },
  event_type: { enum: ['rotate_cvv', 'rotate_cvv-1'] },
  schema_version: { const: 1 },
  org_id: tenant,
  cid: uuid,
  timestamp: moment,
  data: closed(
    {
      account_id: id,
      card_hash: text,
      card_id: id,
      card_last_four_numbers: { type: 'string', pattern: '^[0-9]{4}$' },
      card_name: name,
      card_printed_name: printedName,
      card_status: cardStatus,
      contactless_enabled: flag,
      cvv_next_rotation_date: orNull(moment),
      cvv_rotation_type: { enum: ['MANUAL', 'AUTOMATIC'] },
      expiration_date: moment,
      issuing_date: moment,
      program_id: { const: 1 },
      status: { const: 'SUCCESS' },
      operation_type: { enum: ['ROTATE_CVV', 'CHANGE_CVV_ROTATION', 'DELETE_CVV_ROTATION'] },
      abu_enabled: flag,
      customer_id: id,
    },
    [
      ...['account_id', 'card_hash', 'card_id', 'card_last_four_numbers', 'card_name', 'card_printed_name'],
      ...['card_status', 'contactless_enabled', 'cvv_next_rotation_date', 'cvv_rotation_type'],
      ...['expiration_date', 'issuing_date', 'program_id', 'status', 'operation_type'],
    ],
  ),
})

export const faultOf = judgeBy({ good: goodAnswers, describeError: () => error })

/** What is wrong with an event; `undefined` where nothing is. */
export const eventFaultOf = (event: unknown): string | undefined => faultAgainst(rotateCvv, event)
