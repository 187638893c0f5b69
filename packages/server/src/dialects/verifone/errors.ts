import type { CaptureFault } from '@cardkeep/core/captures/capture-fault'
import type { FieldFault, FieldPath, NetworkTokenFault } from '@cardkeep/core/errors'
import type { Clock } from '@cardkeep/core/ports'
import type { Dialect } from '../../http/dialect.ts'
import { answerTo, type RefusalTable } from '../../http/refusal-table.ts'
import type { Reply } from '../../http/route.ts'

type Details = Readonly<Record<string, { readonly message: string }>>

interface Answer {
  readonly status: keyof typeof messages
  readonly details?: Details
  readonly retryAfterSeconds?: number
}

/** wire: verifone §errors: 400, 401, 403, 404 and 500 verified to the letter; the others inferred. */
const messages = {
  400: 'At least one parameter is invalid. Examine the details property for more information. Invalid parameters are listed and prefixed accordingly: body for parameters submitted in the requests body, query for parameters appended to the requests URL, and params for templated parameters of the requests URL.',
  401: "Access is restricted to authenticated users only. The query can't be made without a valid JWT token (check the Authorization header of your request).",
  403: "Insufficient permissions. Your current user roles don't allow you to perform this query. Should you believe this error to be incorrect, please contact an administrator.",
  404: "The requested resource, or one of its sub-resources, can't be found. If the submitted query is valid, this error is likely to be caused by a problem with a nested resource that has been deleted or modified. Check the details property for additional insights.",
  409: 'The request conflicts with another one.',
  413: 'The request is too large.',
  415: 'The content type is not supported: send JSON.',
  429: 'Too many requests. Try again later.',
  500: 'Unexpected error: if the error persists, please contact an administrator, quoting the code and timestamp of this error',
  502: 'The destination could not be reached or gave no readable answer.',
  503: 'The service is unavailable. Try again later.',
  504: 'The destination did not answer in time.',
} as const

/** Every refusal as this API says it. What stands in `details` is inferred. wire: verifone §errors */
const table: RefusalTable<Answer> = {
  MissingField: ({ field, within }) => invalid([...(within ?? []), field], missing),
  InvalidField: (fault) => ({ status: 400, details: detailsOf([fault]) }),
  InvalidFields: ({ faults }) => ({ status: 400, details: detailsOf(faults) }),
  InvalidCardNumber: () => invalid(inCapture('cardNumber'), 'is not a card number'),
  InvalidExpiryMonth: () => invalid(inCapture('expiryMonth'), 'is not a month'),
  InvalidExpiryYear: () => invalid(inCapture('expiryYear'), 'is not a year in which a card can expire'),
  InvalidCode: () => invalid(inCapture('cvv'), 'is not a security code of this card'),
  CardExpired: () => invalid(inCapture('expiryYear'), 'has passed: the card has expired'),
  CaptureRefused: ({ fault }) => invalid(['encrypted_card'], captureFaults[fault]),
  CaptureKeyNotFound: () => invalid(['public_key_alias'], 'names no active capture key of yours'),
  TooManyCaptureKeys: () => invalid([], 'has no room for another capture key: an operator can retire one'),
  NetworkTokenRefused: ({ reason }) => invalid(['scheme_token_action'], networkTokenFaults[reason]),
  BodyNotReadable: () => invalid([], 'must be a JSON object that says nothing twice'),
  BodyTooLarge: () => ({ status: 413, details: { body: { message: 'is larger than 64 KiB' } } }),
  ContentTypeNotSupported: () => ({
    status: 415,
    details: { 'headers.Content-Type': { message: 'must be application/json' } },
  }),

  RouteNotFound: () => ({ status: 404 }),
  TokenNotFound: () => ({
    status: 404,
    details: { 'params.id': { message: 'names no token of a scope of yours' } },
  }),
  ScopeNotFound: () => ({
    status: 404,
    details: { 'body.token_scope': { message: 'names no token scope of yours' } },
  }),

  NotAuthenticated: () => ({ status: 401 }),
  NotPermitted: () => ({ status: 403 }),
  LockedOut: ({ retryAfterSeconds }) => ({ status: 429, retryAfterSeconds }),
  TooManyGuesses: ({ retryAfterSeconds }) => ({ status: 429, retryAfterSeconds }),
  TooManyCodes: () => ({ status: 429, retryAfterSeconds: 60 }),

  Unavailable: () => ({ status: 503, retryAfterSeconds: 2 }),
  Sealed: () => ({ status: 503 }),

  // sessions, forwards and idempotency keys are no part of this API; a refusal without a row does not compile
  SessionNotFound: () => ({ status: 404 }),
  PayloadNotReadable: () => invalid([], 'cannot be opened'),
  TooManySessions: () => ({ status: 429, retryAfterSeconds: 60 }),
  CodeNotHeld: () => ({ status: 404 }),
  CodeRequired: () => invalid([], 'asks for a security code, and no code is held'),
  UnknownPlaceholder: () => invalid([], 'has a placeholder that cannot stand there'),
  ValueNotInToken: () => invalid([], 'asks for what the token has not'),
  DestinationNotAllowed: () => ({ status: 403 }),
  HeaderNotAllowed: () => invalid(['headers'], 'has a header that may not be sent'),
  RequestTooLarge: () => ({ status: 413 }),
  ForwardFailed: () => ({ status: 502 }),
  ForwardTimedOut: () => ({ status: 504 }),
  IssuedCardNotFound: () => ({ status: 404 }),
  RotationNotFound: () => ({ status: 404 }),
  IssuerNotReady: () => ({ status: 403 }),
  IdempotencyKeyInUse: () => ({ status: 409 }),
  IdempotencyKeyReused: () => ({ status: 409 }),
}

/** Whoever is told has credentials and made the message, or had it made. wire: verifone §encrypted cards, inferred */
const captureFaults: Readonly<Record<CaptureFault, string>> = {
  'too large': 'is larger than any card makes it',
  'not a message': 'is not an OpenPGP message: it must be the base64 of an armored one',
  damaged: 'is an OpenPGP message that is damaged',
  'not encrypted': 'is an OpenPGP message that is not encrypted',
  'password only': 'is encrypted for a password, and not for a capture key',
  'for another key': 'is encrypted for another key than public_key_alias names',
  'cipher not supported':
    'uses a cipher that is not supported, as the published SDK for Android does with IDEA; AES is',
  altered: 'was altered, or has nothing that protects it from being altered',
  'expands too far': 'unpacks to more than any card makes it',
  'nested too deep': 'has messages within messages',
  'took too long': 'took too long to open',
  'not an object': 'holds no JSON object that says each thing once',
  'no capture time': 'holds no captureTime',
  'capture time not readable':
    'holds a captureTime that is no time of RFC 3339, such as 2019-08-24T14:15:22Z',
  'too old': 'was captured more than 15 minutes ago',
  'ahead of time': 'was captured in the future: the clock of its device is wrong',
}

const networkTokenFaults: Readonly<Record<NetworkTokenFault, string>> = {
  'scope without network tokens':
    'cannot be done: the token scope has neither network tokens nor payment account references configured',
  'no provider': 'cannot be done: nobody issues network tokens here',
  'no network token': 'cannot be done: the token has no network token',
}

const isKnown = (status: number): status is Answer['status'] => Object.hasOwn(messages, status)

const saysAlways = (status: Answer['status']) => ({ message: messages[status], code: status })

export interface Errors extends Pick<Dialect, 'encodeRefusal' | 'encodeBug' | 'saysAlways'> {}

export const createErrors = ({ now }: Pick<Clock, 'now'>): Errors => {
  const spell = (status: Answer['status'], details: Details = {}): object => ({
    ...saysAlways(status),
    timestamp: now(),
    details,
    // wire: verifone §errors, inferred: it speaks of payments
    reversal_status: 'NONE',
  })
  return {
    encodeRefusal: (refusal): Reply => {
      const { status, details, retryAfterSeconds } = answerTo(table, refusal)
      const headers = {
        // RFC 9110, 11.6.1: a 401 says how to authenticate.
        ...(status === 401 && { 'www-authenticate': 'Basic realm="cardkeep"' }),
        ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
      }
      return { status, headers, body: spell(status, details) }
    },
    encodeBug: () => ({ status: 500, body: spell(500) }),
    saysAlways: (status) => (isKnown(status) ? saysAlways(status) : {}),
  }
}

const missing = 'is missing'

const inCapture = (field: string): FieldPath => ['encrypted_card', field]

const invalid = (path: FieldPath, message: string): Answer => ({
  status: 400,
  details: { [spellPath(path)]: { message } },
})

const detailsOf = (faults: readonly FieldFault[]): Details =>
  Object.fromEntries(
    faults.map(({ field, within = [], why = 'is not valid' }) => [
      spellPath([...within, field]),
      { message: why },
    ]),
  )

/** Where else than in the body something may be wrong. `request` is what is no request at all. */
const places = ['params', 'query', 'headers', 'request']

/** wire: verifone §errors, verified: prefixed by where it stands. */
const spellPath = (path: FieldPath): string =>
  (places.includes(path[0] ?? '') ? path : ['body', ...path]).join('.')
