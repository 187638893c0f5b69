import { closed, faultAgainst, judgeBy, type PublishedAnswers } from './published-answers.ts'

/*
 * What the Hellgate API says of its answers, as its published description reads and without a look at how the vault encodes
 * them. Nothing may be sent that is not listed here. docs/wire/hellgate.md says which of it is verified.
 */

const uuid = { type: 'string', format: 'uuid' }
const dateTime = { type: 'string', format: 'date-time' }
const text = { type: 'string', minLength: 1 }
const oneOf = (...values: readonly (string | number | null)[]) => ({ enum: values })

const tokenSession = closed({ session_id: uuid })

const token = closed(
  {
    id: uuid,
    cardholder_name: text,
    card_art_url: { type: 'string', format: 'uri' },
    created_at: dateTime,
    expiry_month: { type: 'integer', minimum: 1, maximum: 12 },
    expiry_year: { type: 'integer', minimum: 2000, maximum: 2099 },
    expires_at: dateTime,
    invalidated_at: dateTime,
    issuer_identification_number: { type: 'string', pattern: '^([0-9]{6}|[0-9]{8})$' },
    account_number_last_four: { type: 'string', pattern: '^[0-9]{4}$' },
    account_number_length: { type: 'integer', minimum: 12, maximum: 19 },
    masked_account_number: { type: 'string', pattern: '^[0-9]{6}\\*{2,9}[0-9]{4}$' },
    bank_name: text,
    segment: oneOf('consumer', 'commercial'),
    status: oneOf('active', 'invalid'),
    type: oneOf('credit', 'debit', 'prepaid', 'charge', 'deferred', 'unknown'),
    currency_code: { type: 'string', pattern: '^[A-Z]{3}$' },
    country_code: { type: 'string', pattern: '^[A-Z]{2}$' },
    network_token_status: oneOf('active', 'inactive', 'pending', 'deleted', 'failed', 'not_available'),
    network_token_status_reason: closed(
      { scheme_code: { type: 'integer' }, classifier: text, message: text },
      [],
    ),
    scheme: oneOf(
      ...['VISA', 'Mastercard', 'American Express', 'Discover', 'Diners Club', 'JCB', 'UnionPay', 'Unknown'],
    ),
    identity_and_verification: oneOf('none', 'checked', 'skipped'),
    authentication_data: { type: 'object' },
    supports_device_binding: { type: 'boolean' },
    business_key: text,
    import_provider: text,
  },
  [
    'id',
    'created_at',
    'expiry_month',
    'expiry_year',
    'masked_account_number',
    'issuer_identification_number',
    'scheme',
  ],
)

const count = { type: 'integer', minimum: 0 }

const tokenList = closed({
  data: { type: 'array', items: token, maxItems: 500 },
  pagination: closed({
    current_page: { type: 'integer', minimum: 1 },
    page_size: { type: 'integer', minimum: 1, maximum: 500 },
    total_items: count,
    total_pages: count,
  }),
})

const jwk = closed({
  kty: { const: 'RSA' },
  n: { type: 'string', pattern: '^[A-Za-z0-9_-]{342}$' },
  e: { const: 'AQAB' },
})

const sessionState = {
  oneOf: [
    closed({
      next_action: { const: 'tokenize_card' },
      data: closed({
        provider: { const: 'guardian' },
        api_key: text,
        base_url: { type: 'string', format: 'uri', pattern: '/cde$' },
        jwk,
      }),
    }),
    closed({
      next_action: { const: 'refresh_security_code' },
      data: closed({
        account_number_last_four: { type: 'string', pattern: '^[0-9]{4}$' },
        account_number_length: { type: 'integer', minimum: 12, maximum: 19 },
        issuer_identification_number: { type: 'string', pattern: '^([0-9]{6}|[0-9]{8})$' },
        expiry_month: { type: 'integer', minimum: 1, maximum: 12 },
        expiry_year: { type: 'integer', minimum: 2000, maximum: 2099 },
        scheme: text,
        jwk,
      }),
    }),
    closed({ next_action: { const: 'wait' }, data: closed({}) }),
    closed({
      next_action: { const: null },
      status: { const: 'success' },
      data: closed({ token_id: uuid }),
    }),
    closed({
      next_action: { const: null },
      status: { const: 'failure' },
      data: closed({ reason: text, reason_code: text }),
    }),
  ],
}

const codeAvailability = closed({ security_code_available: { type: 'boolean' } })

const notification = closed({
  id: uuid,
  created_at: dateTime,
  event_type: oneOf('token.created', 'token.updated', 'token.deleted'),
  token,
})

const classifiers: Readonly<Record<number, string>> = {
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  422: 'VALIDATION_ERROR',
}

const describeError = (status: number): object => {
  const generic = {
    code: { const: status },
    classifier:
      status in classifiers ? { const: classifiers[status] } : { type: 'string', pattern: '^[A-Z_]+$' },
    message: text,
  }
  if (status !== 422) return closed(generic)
  const problem = closed({ path: { type: 'string', pattern: '^\\$' }, message: text })
  return closed({ ...generic, validation_errors: { type: 'array', items: problem, minItems: 1 } })
}

/** By method and path; `none` for an answer without a body. What a forward relays is the provider's. */
const goodAnswers: PublishedAnswers['good'] = [
  ['POST', /^\/cde-import$/, 200, token],
  ['POST', /^\/tokens\/session$/, 200, tokenSession],
  ['GET', /^\/tokens$/, 200, tokenList],
  ['GET', /^\/tokens\/[^/]+$/, 200, token],
  ['DELETE', /^\/tokens\/[^/]+$/, 204, 'none'],
  ['POST', /^\/tokens\/[^/]+\/refresh-session$/, 200, tokenSession],
  ['GET', /^\/tokens\/[^/]+\/security-code$/, 200, codeAvailability],
  ['POST', /^\/tokens\/[^/]+\/consume$/, 204, 'none'],
  ['GET', /^\/sessions\/[^/]+$/, 200, sessionState],
  ['POST', /^\/sessions\/[^/]+\/complete-action$/, 200, sessionState],
]

export const faultOf = judgeBy({ good: goodAnswers, describeError })

/** The same of what a webhook tells. */
export const faultOfNotification = (body: unknown): string | undefined => faultAgainst(notification, body)
