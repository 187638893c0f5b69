import type { FieldPath, Refusal } from '@cardkeep/core/errors'
import { answerTo, type RefusalTable } from '../../http/refusal-table.ts'
import type { Reply, Route } from '../../http/route.ts'
import { spellBack } from '../../log/spell-back.ts'

interface Answer {
  readonly status: number
  readonly classifier: string
  readonly message: string
  readonly retryAfterSeconds?: number
  /** What of the request is wrong, as a JSON path (RFC 9535), and how. */
  readonly wrong?: { readonly path: string; readonly message: string }
}

/** Every refusal as this API says it. wire: hellgate §errors, verified unless the page says inferred. */
const table: RefusalTable<Answer> = {
  MissingField: ({ field, within }) => invalid(pathOf(field, within), 'is missing'),
  InvalidField: ({ field, within }) => invalid(pathOf(field, within), 'is not valid'),
  InvalidFields: ({ faults: [first] }) => invalid(pathOf(first?.field ?? '', first?.within), 'is not valid'),
  InvalidCardNumber: () => invalid('$.account_number', 'is not a card number'),
  InvalidExpiryMonth: () => invalid('$.expiry_month', 'is not a month'),
  InvalidExpiryYear: () => invalid('$.expiry_year', 'is not a year in which a card can expire'),
  InvalidCode: () => invalid('$.security_code', 'is not a security code of this card'),
  CardExpired: () => invalid('$.expiry_year', 'has passed: the card has expired'),
  PayloadNotReadable: () => invalid('$.result.enc_payload', 'cannot be opened'),
  BodyNotReadable: () => invalid('$', 'cannot be read'),
  // wire: hellgate §errors, inferred
  BodyTooLarge: () => refused(413, 'PAYLOAD_TOO_LARGE', 'The request is too large'),
  ContentTypeNotSupported: () => refused(415, 'UNSUPPORTED_MEDIA_TYPE', 'The content type is not supported'),

  RouteNotFound: () => notFound,
  TokenNotFound: () => notFound,
  // captured cards and scopes are no part of this API; a refusal without a row does not compile
  NetworkTokenRefused: () => invalid('$', 'asks for a network token that cannot be'),
  ScopeNotFound: () => notFound,
  IssuedCardNotFound: () => notFound,
  RotationNotFound: () => notFound,
  IssuerNotReady: () => notFound,
  CaptureKeyNotFound: () => notFound,
  TooManyCaptureKeys: () => invalid('$', 'asks for more keys than there may be'),
  CaptureRefused: () => invalid('$', 'cannot be opened'),
  // wire: hellgate §session states, verified
  SessionNotFound: (_refusal, route) =>
    refused(
      404,
      'NOT_FOUND',
      route?.method === 'POST' ? 'The session_context was not found' : 'The session was not found',
    ),

  NotAuthenticated: () => refused(401, 'UNAUTHORIZED', 'No valid means of authentication was provided'),
  NotPermitted: () => forbidden,
  // wire: hellgate §errors, inferred: the pages know no 429
  LockedOut: ({ retryAfterSeconds }) => tooMany('Too many failed attempts', retryAfterSeconds),
  TooManyGuesses: ({ retryAfterSeconds }) => tooMany('Too many failed attempts', retryAfterSeconds),
  TooManyCodes: () => tooMany('Too many security codes are held', 60),
  TooManySessions: () => tooMany('Too many sessions are open', 60),

  // wire: hellgate §errors, inferred
  DestinationNotAllowed: () => forbidden,
  CodeRequired: () => invalid('$', 'asks for a security code, and no code is held'),
  CodeNotHeld: () => invalid("$['x-cvc-session-id']", 'names no session in which a code is held'),
  UnknownPlaceholder: ({ placeholder }) =>
    // Behind braces that begin no placeholder a code may stand.
    invalid(
      '$',
      `has a placeholder that cannot stand there: ${spellBack(placeholder).replaceAll(/\d/g, '*')}`,
    ),
  ValueNotInToken: ({ value }) => invalid('$', `asks for what the token has not: ${value}`),
  HeaderNotAllowed: ({ header }) => invalid(`$['${readable(header)}']`, 'may not be sent'),
  RequestTooLarge: () => refused(413, 'PAYLOAD_TOO_LARGE', 'The request is too large'),
  ForwardFailed: ({ reason }) =>
    // To the caller, a name that leads to a refused address is as wrong as a URL that is not allowed.
    reason === 'address refused'
      ? forbidden
      : refused(502, 'BAD_GATEWAY', 'The destination could not be reached or gave no readable answer'),
  ForwardTimedOut: () => refused(504, 'GATEWAY_TIMEOUT', 'The destination did not answer in time'),

  // wire: hellgate §errors, inferred
  IdempotencyKeyInUse: () =>
    refused(409, 'CONFLICT', 'A request with this idempotency key is still in progress'),
  IdempotencyKeyReused: () => refused(409, 'CONFLICT', 'The idempotency key was used for another request'),

  Unavailable: () => ({ ...unavailable, retryAfterSeconds: 2 }),
  Sealed: () => unavailable,
}

export const encodeRefusal = (refusal: Refusal, route?: Route): Reply => {
  const { status, classifier, message, retryAfterSeconds, wrong } = answerTo(table, refusal, route)
  return {
    status,
    ...(retryAfterSeconds === undefined ? {} : { headers: { 'retry-after': String(retryAfterSeconds) } }),
    body: {
      code: status,
      classifier,
      message,
      ...(wrong && { validation_errors: [{ path: wrong.path, message: wrong.message }] }),
    },
  }
}

export const encodeBug = (): Reply => ({
  status: 500,
  body: { code: 500, classifier: 'INTERNAL_SERVER_ERROR', message: 'Internal server error' },
})

const refused = (status: number, classifier: string, message: string): Answer => ({
  status,
  classifier,
  message,
})

const notFound = refused(404, 'NOT_FOUND', 'The requested resource was not found.')
const forbidden = refused(403, 'FORBIDDEN', 'Not allowed to access this resource or feature')
const unavailable = refused(503, 'SERVICE_UNAVAILABLE', 'Service unavailable')

const tooMany = (message: string, retryAfterSeconds: number): Answer => ({
  ...refused(429, 'TOO_MANY_REQUESTS', message),
  retryAfterSeconds,
})

const invalid = (path: string, message: string): Answer => ({
  ...refused(422, 'VALIDATION_ERROR', 'Validation error'),
  wrong: { path, message },
})

/** Names of fields stand behind a dot, all others, such as headers, in brackets. */
const pathOf = (field: string, within: FieldPath = []): string =>
  `$${[...within, field].map((name) => (/^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `['${name}']`)).join('')}`

/** The name of a header that a caller chose. */
const readable = (header: string): string =>
  spellBack(header)
    .replaceAll(/[^\w.-]/g, '?')
    .toLowerCase()
