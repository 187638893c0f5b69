import type { Refusal } from '@cardkeep/core/errors'
import { answerTo, type RefusalTable } from '../../http/refusal-table.ts'
import type { Reply } from '../../http/route.ts'
import { spellBack } from '../../log/spell-back.ts'

interface Answer {
  readonly status: number
  readonly message: string
  readonly retryAfterSeconds?: number
}

/** Every refusal as this API says it. wire: ozura §errors, §authentication: verified unless the page says inferred. */
const table: RefusalTable<Answer> = {
  MissingField: ({ field }) => ({ status: 400, message: `Missing required field: ${field}` }),
  InvalidField: ({ field }) => ({ status: 400, message: `Invalid value for ${field}` }),
  InvalidFields: ({ faults: [first] }) => ({ status: 400, message: `Invalid value for ${first?.field}` }),
  InvalidCardNumber: () => ({ status: 400, message: 'Invalid card number' }),
  InvalidExpiryMonth: () => ({ status: 400, message: 'Invalid value for expirationMonth' }),
  InvalidExpiryYear: () => ({ status: 400, message: 'Invalid value for expirationYear' }),
  InvalidCode: () => ({ status: 400, message: 'Invalid value for cvv' }),
  CardExpired: () => ({ status: 400, message: 'Card has expired' }),
  // wire: ozura §errors, inferred: the pages name no message for a body that is not JSON
  BodyNotReadable: () => ({ status: 400, message: 'Invalid value for body' }),
  BodyTooLarge: () => ({ status: 413, message: 'Invalid value for body' }),
  ContentTypeNotSupported: () => ({ status: 415, message: 'Invalid value for Content-Type' }),
  RouteNotFound: () => ({ status: 404, message: 'Not found' }),

  NotAuthenticated: () => ({ status: 401, message: 'Invalid API key' }),
  NotPermitted: () => ({
    status: 403,
    message: 'This API key does not have permission for this operation',
  }),
  LockedOut: ({ retryAfterSeconds }) => ({
    status: 403,
    message: 'Too many failed attempts',
    retryAfterSeconds,
  }),

  TooManyGuesses: ({ retryAfterSeconds }) => ({
    status: 429,
    message: 'Too many failed attempts',
    retryAfterSeconds,
  }),

  TokenNotFound: () => ({ status: 404, message: 'Token not found' }),
  CodeNotHeld: () => ({ status: 404, message: 'CVC session expired or not found' }),

  // capture sessions and captured cards are no part of this API; a refusal without a row does not compile
  NetworkTokenRefused: () => ({ status: 400, message: 'Invalid value for body' }),
  ScopeNotFound: () => ({ status: 404, message: 'Not found' }),
  IssuedCardNotFound: () => ({ status: 404, message: 'Not found' }),
  RotationNotFound: () => ({ status: 404, message: 'Not found' }),
  IssuerNotReady: () => ({ status: 403, message: 'Not permitted' }),
  CaptureKeyNotFound: () => ({ status: 404, message: 'Not found' }),
  CaptureRefused: () => ({ status: 400, message: 'Invalid value for body' }),
  SessionNotFound: () => ({ status: 404, message: 'Not found' }),
  PayloadNotReadable: () => ({ status: 400, message: 'Invalid value for body' }),
  TooManyCaptureKeys: () => ({ status: 400, message: 'Invalid value for body' }),
  TooManySessions: () => ({ status: 429, message: 'Rate limit exceeded', retryAfterSeconds: 30 }),

  // wire: ozura §errors, inferred
  CodeRequired: () => ({ status: 400, message: 'Missing required field: cvc_session_id' }),
  UnknownPlaceholder: ({ placeholder }) => ({
    status: 400,
    message: `Invalid value for request_data: ${spellBack(placeholder)}`,
  }),
  ValueNotInToken: ({ value }) => ({ status: 400, message: `Invalid value for request_data: ${value}` }),
  DestinationNotAllowed: () => ({ status: 400, message: 'Invalid proxy URL' }),
  HeaderNotAllowed: () => ({ status: 400, message: 'Invalid value for http_headers' }),
  RequestTooLarge: () => ({ status: 400, message: 'Invalid value for request_data' }),
  ForwardFailed: ({ reason }) =>
    // wire: ozura §errors, inferred: to the caller, a name that leads to a refused address is as wrong as a URL that is not allowed
    reason === 'address refused'
      ? { status: 400, message: 'Invalid proxy URL' }
      : { status: 502, message: 'Failed to proxy request' },
  ForwardTimedOut: () => ({ status: 504, message: 'Request timeout' }),

  // Cardkeep's own
  IdempotencyKeyInUse: () => ({
    status: 409,
    message: 'Request with this Idempotency-Key is still in progress',
  }),
  IdempotencyKeyReused: () => ({ status: 409, message: 'Idempotency-Key was used for another request' }),

  // wire: ozura §errors, inferred: a code lives 90 seconds, so there is room again soon
  TooManyCodes: () => ({ status: 429, message: 'Rate limit exceeded', retryAfterSeconds: 30 }),
  // wire: ozura §errors, inferred: a server that restarts, or another that takes its place, is there within seconds
  Unavailable: () => ({ status: 503, message: 'Service unavailable', retryAfterSeconds: 2 }),
  Sealed: () => ({ status: 503, message: 'Service unavailable' }),
}

export const encodeRefusal = (refusal: Refusal): Reply => {
  const { status, message, retryAfterSeconds } = answerTo(table, refusal)
  return {
    status,
    ...(retryAfterSeconds === undefined ? {} : { headers: { 'retry-after': String(retryAfterSeconds) } }),
    body: {
      success: false,
      message,
      data: null,
      ...(retryAfterSeconds === undefined ? {} : { retry_after_seconds: retryAfterSeconds }),
    },
  }
}

export const encodeBug = (): Reply => ({
  status: 500,
  body: { success: false, message: 'Internal server error', data: null },
})
