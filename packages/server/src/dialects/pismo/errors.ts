import type { FieldFault, FieldPath, IssuerFault, Refusal } from '@cardkeep/core/errors'
import type { Dialect } from '../../http/dialect.ts'
import { answerTo, type RefusalTable } from '../../http/refusal-table.ts'
import type { Reply, Route } from '../../http/route.ts'

interface Answer {
  readonly status: number
  /** A word for programs. wire: pismo §errors, inferred */
  readonly code: string
  readonly message: string
  readonly retryAfterSeconds?: number
}

/** wire: pismo §errors: the messages of 401, 403, 404 and 500 from the description */
const unauthorized: Answer = {
  status: 401,
  code: 'UNAUTHORIZED',
  message: 'Access token is missing or invalid',
}
const forbidden: Answer = {
  status: 403,
  code: 'FORBIDDEN',
  message: "You don't have permission to access this resource",
}
const notFound: Answer = {
  status: 404,
  code: 'NOT_FOUND',
  message: 'The specified resource was not found',
}
const invalidClient: Answer = {
  status: 401,
  code: 'INVALID_CLIENT',
  message: 'The client credentials are not valid',
}

/** Every refusal as this API says it. wire: pismo §errors */
const table: RefusalTable<Answer> = {
  MissingField: ({ field, within }) => invalid('MISSING_FIELD', [[...(within ?? []), field], 'is missing']),
  InvalidField: (fault) => invalid('INVALID_FIELD', readFault(fault)),
  InvalidFields: ({ faults }) => invalid('INVALID_FIELD', ...faults.map(readFault)),
  BodyNotReadable: () => ({
    status: 400,
    code: 'INVALID_BODY',
    message: 'The body must be a JSON object that says nothing twice',
  }),
  BodyTooLarge: () => ({ status: 413, code: 'BODY_TOO_LARGE', message: 'The body is larger than 64 KiB' }),
  ContentTypeNotSupported: () => ({
    status: 415,
    code: 'CONTENT_TYPE_NOT_SUPPORTED',
    message: 'The content type is not supported: send JSON',
  }),

  RouteNotFound: () => notFound,
  IssuedCardNotFound: () => ({ ...notFound, code: 'CARD_NOT_FOUND' }),
  RotationNotFound: () => ({
    status: 404,
    code: 'ROTATION_NOT_FOUND',
    message: 'The card has no CVV rotation',
  }),

  NotAuthenticated: () => unauthorized,
  NotPermitted: () => forbidden,
  IssuerNotReady: ({ reason }) => issuerFaults[reason],
  LockedOut: ({ retryAfterSeconds }) => ({ ...tooMany('TOO_MANY_ATTEMPTS'), retryAfterSeconds }),
  TooManyGuesses: ({ retryAfterSeconds }) => ({ ...tooMany('TOO_MANY_ATTEMPTS'), retryAfterSeconds }),

  IdempotencyKeyInUse: () => ({
    status: 409,
    code: 'IDEMPOTENCY_KEY_IN_USE',
    message: 'A request with this idempotency key is under way',
  }),
  IdempotencyKeyReused: () => ({
    status: 409,
    code: 'IDEMPOTENCY_KEY_REUSED',
    message: 'Another request came with this idempotency key before',
  }),

  Unavailable: () => ({ ...unavailable('UNAVAILABLE'), retryAfterSeconds: 2 }),
  Sealed: () => unavailable('SEALED'),

  // tokens, codes, captures and forwards are no part of this API; a refusal without a row does not compile
  InvalidCardNumber: () => invalid('INVALID_BODY', [['body'], 'has no card number']),
  InvalidExpiryMonth: () => invalid('INVALID_BODY', [['body'], 'has no month of expiry']),
  InvalidExpiryYear: () => invalid('INVALID_BODY', [['body'], 'has no year of expiry']),
  InvalidCode: () => invalid('INVALID_BODY', [['body'], 'has no security code']),
  CardExpired: () => invalid('INVALID_BODY', [['body'], 'has an expired card']),
  PayloadNotReadable: () => invalid('INVALID_BODY', [['body'], 'cannot be opened']),
  CaptureRefused: () => invalid('INVALID_BODY', [['body'], 'cannot be opened']),
  CodeRequired: () => invalid('INVALID_BODY', [['body'], 'asks for a security code']),
  UnknownPlaceholder: () => invalid('INVALID_BODY', [['body'], 'has an unknown placeholder']),
  ValueNotInToken: () => invalid('INVALID_BODY', [['body'], 'asks for what the token has not']),
  HeaderNotAllowed: () => invalid('INVALID_BODY', [['body'], 'has a header that may not be sent']),
  NetworkTokenRefused: () => invalid('INVALID_BODY', [['body'], 'asks for a network token']),
  RequestTooLarge: () => ({ status: 413, code: 'BODY_TOO_LARGE', message: 'The request is too large' }),
  TokenNotFound: () => notFound,
  ScopeNotFound: () => notFound,
  CaptureKeyNotFound: () => notFound,
  CodeNotHeld: () => notFound,
  SessionNotFound: () => notFound,
  DestinationNotAllowed: () => forbidden,
  ForwardFailed: () => ({ status: 502, code: 'FORWARD_FAILED', message: 'The destination gave no answer' }),
  ForwardTimedOut: () => ({
    status: 504,
    code: 'FORWARD_TIMED_OUT',
    message: 'The destination did not answer in time',
  }),
  TooManyCodes: () => ({ ...tooMany('TOO_MANY_REQUESTS'), retryAfterSeconds: 60 }),
  TooManySessions: () => ({ ...tooMany('TOO_MANY_REQUESTS'), retryAfterSeconds: 60 }),
  TooManyCaptureKeys: () => invalid('INVALID_BODY', [['body'], 'asks for more keys than there may be']),
}

const tooMany = (code: string): Answer => ({
  status: 429,
  code,
  message: 'Too many attempts: try again later',
})

const unavailable = (code: string): Answer => ({
  status: 503,
  code,
  message: 'The service is unavailable: try again later',
})

const notReady = (why: string): Answer => ({
  status: 503,
  code: 'ISSUER_NOT_READY',
  message: `No card can be issued: ${why}`,
})

/** Whoever is no issuer has nothing here; one that is not set up waits for its operator. wire: pismo §errors, inferred */
const issuerFaults: Readonly<Record<IssuerFault, Answer>> = {
  'not enabled': { ...forbidden, code: 'NOT_AN_ISSUER' },
  'no BIN': notReady('the issuer has no BIN'),
  'no CVK': notReady('the card verification keys of the issuer are not complete'),
  'no number left': notReady('nearly all numbers of the BINs of the issuer are given out'),
}

type Fault = readonly [path: FieldPath, why: string]

const readFault = ({ field, within = [], why = 'is not valid' }: FieldFault): Fault => [
  [...within, field],
  why,
]

const invalid = (code: string, ...faults: readonly Fault[]): Answer => ({
  status: 400,
  code,
  message: faults.map(([path, why]) => `${path.join('.')} ${why}`).join('; '),
})

/** Where a client is proven, and not a token. */
export const tokenPath = '/passport/v2/oauth/token'

export const encodeRefusal = (refusal: Refusal, route?: Route): Reply => {
  const isClient = refusal.type === 'NotAuthenticated' && route?.path === tokenPath
  const { status, code, message, retryAfterSeconds } = isClient ? invalidClient : answerTo(table, refusal)
  return {
    status,
    headers: {
      // RFC 9110, 11.6.1: a 401 says how to authenticate.
      ...(status === 401 && { 'www-authenticate': 'Bearer realm="cardkeep"' }),
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    },
    body: { error_code: code, message },
  }
}

export const encodeBug: Dialect['encodeBug'] = () => ({
  status: 500,
  body: { error_code: 'INTERNAL_ERROR', message: 'Internal server error' },
})
