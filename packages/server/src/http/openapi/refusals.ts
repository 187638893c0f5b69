import type { ForwardFailure, IssuerFault, Refusal } from '@cardkeep/core/errors'
import { encodeRefusal } from '../boundary.ts'
import type { Dialect } from '../dialect.ts'
import type { CredentialAuth, Route } from '../route.ts'

/** What a route may answer when it says no, under one status. */
export interface RefusalReply {
  readonly status: number
  readonly types: readonly Refusal['type'][]
  /** Which of the headers each of them has. */
  readonly always: readonly string[]
  /** Which of the headers only some of them have. */
  readonly sometimes: readonly string[]
}

/** Every refusal that a route may give, as its dialect says it, by status. */
export const refusalReplies = (dialect: Dialect, route: Route): readonly RefusalReply[] => {
  const replies = Object.values(rows)
    .flatMap(({ given, samples }): readonly Refusal[] =>
      samples.filter(({ type }) => given?.(route) || route.refuses?.includes(type)),
    )
    .map((refusal) => ({ type: refusal.type, ...encodeRefusal({ dialect, route }, refusal) }))
  const statuses = [...new Set(replies.map(({ status }) => status))].toSorted((a, b) => a - b)
  return statuses.map((status) => {
    const same = replies.filter((reply) => reply.status === status)
    const headers = [...new Set(same.flatMap((reply) => Object.keys(reply.headers ?? {})))].toSorted()
    const isInAll = (name: string) => same.every((reply) => reply.headers && name in reply.headers)
    return {
      status,
      types: [...new Set(same.map(({ type }) => type))].toSorted(),
      always: headers.filter(isInAll),
      sometimes: headers.filter((name) => !isInAll(name)),
    }
  })
}

type Given = (route: Route) => boolean

const always: Given = () => true
const withInput: Given = ({ method, query, headers, auth }) =>
  method !== 'GET' ||
  (auth !== 'visitor' && auth.publicKey === true) ||
  query !== undefined ||
  headers !== undefined
const withBody: Given = ({ method }) => method !== 'GET'
const withCredential: Given = ({ auth }) => auth !== 'visitor'
const permits =
  (...wanted: readonly CredentialAuth['permission'][]): Given =>
  ({ auth }) =>
    auth !== 'visitor' && wanted.includes(auth.permission)
const unlessOpen: Given = ({ auth }) =>
  auth !== 'visitor' && (auth.permission !== 'any' || auth.testOnly === true)
/** A browser answers in the place of a caller. */
const ofVisitors: Given = ({ auth, path }) => auth === 'visitor' && path.includes(':')
const ofAnswers: Given = (route) => ofVisitors(route) && withBody(route)
const oneOf =
  (...conditions: readonly Given[]): Given =>
  (route) =>
    conditions.some((given) => given(route))
const ofTokens: Given = permits('tokenize', 'forward', 'detokenize')
const ofCards: Given = oneOf(permits('tokenize'), ofAnswers)
const ofCodes: Given = oneOf(permits('tokenize', 'forward'), ofVisitors)
const ofForwards: Given = permits('forward')
const ofIdempotency: Given = ({ idempotency }) => idempotency !== undefined

const reasons = Object.keys({
  'name not resolved': true,
  'address refused': true,
  'connection refused': true,
  tls: true,
  'connection lost': true,
  'answer too large': true,
  'answer not readable': true,
} satisfies Record<ForwardFailure, true>) as readonly ForwardFailure[]

const issuerFaults = Object.keys({
  'not enabled': true,
  'no BIN': true,
  'no CVK': true,
  'no number left': true,
} satisfies Record<IssuerFault, true>) as readonly IssuerFault[]

/**
 * One refusal of each kind, and more where the status may depend on what it says; and which routes may give it, whatever they
 * are for. Without `given` only those may that say so themselves.
 */
const rows: {
  readonly [Type in Refusal['type']]: {
    readonly given?: Given
    readonly samples: readonly Extract<Refusal, { type: Type }>[]
  }
} = {
  MissingField: { given: withInput, samples: [{ type: 'MissingField', field: 'field' }] },
  InvalidField: { given: always, samples: [{ type: 'InvalidField', field: 'field' }] },
  InvalidFields: {
    given: ({ listsFaults }) => listsFaults === true,
    samples: [{ type: 'InvalidFields', faults: [{ type: 'InvalidField', field: 'field' }] }],
  },
  CaptureRefused: { samples: [{ type: 'CaptureRefused', fault: 'not a message' }] },
  TooManyCaptureKeys: { samples: [{ type: 'TooManyCaptureKeys' }] },
  CaptureKeyNotFound: { samples: [{ type: 'CaptureKeyNotFound' }] },
  NetworkTokenRefused: {
    samples: [{ type: 'NetworkTokenRefused', reason: 'no provider' }],
  },
  IssuedCardNotFound: { samples: [{ type: 'IssuedCardNotFound' }] },
  RotationNotFound: { samples: [{ type: 'RotationNotFound' }] },
  IssuerNotReady: {
    samples: issuerFaults.map((reason) => ({ type: 'IssuerNotReady', reason })),
  },
  ScopeNotFound: { samples: [{ type: 'ScopeNotFound' }] },
  InvalidCardNumber: { given: ofCards, samples: [{ type: 'InvalidCardNumber' }] },
  InvalidExpiryMonth: { given: ofCards, samples: [{ type: 'InvalidExpiryMonth' }] },
  InvalidExpiryYear: { given: ofCards, samples: [{ type: 'InvalidExpiryYear' }] },
  InvalidCode: { given: ofCards, samples: [{ type: 'InvalidCode' }] },
  CardExpired: { given: ofCards, samples: [{ type: 'CardExpired' }] },
  PayloadNotReadable: { samples: [{ type: 'PayloadNotReadable' }] },
  BodyNotReadable: { given: withBody, samples: [{ type: 'BodyNotReadable' }] },
  BodyTooLarge: { given: withBody, samples: [{ type: 'BodyTooLarge' }] },
  ContentTypeNotSupported: { given: withBody, samples: [{ type: 'ContentTypeNotSupported' }] },
  // A request that finds no route is no request of this one.
  RouteNotFound: { samples: [{ type: 'RouteNotFound' }] },
  NotAuthenticated: { given: withCredential, samples: [{ type: 'NotAuthenticated' }] },
  NotPermitted: { given: unlessOpen, samples: [{ type: 'NotPermitted' }] },
  LockedOut: { given: withCredential, samples: [{ type: 'LockedOut', retryAfterSeconds: 1 }] },
  TooManyGuesses: {
    given: oneOf(ofCodes, permits('verify')),
    samples: [{ type: 'TooManyGuesses', retryAfterSeconds: 1 }],
  },
  TokenNotFound: { given: ofTokens, samples: [{ type: 'TokenNotFound' }] },
  CodeNotHeld: { given: ofCodes, samples: [{ type: 'CodeNotHeld' }] },
  SessionNotFound: { samples: [{ type: 'SessionNotFound' }] },
  CodeRequired: { given: ofForwards, samples: [{ type: 'CodeRequired' }] },
  UnknownPlaceholder: {
    given: ofForwards,
    samples: [{ type: 'UnknownPlaceholder', placeholder: 'placeholder' }],
  },
  ValueNotInToken: { given: ofForwards, samples: [{ type: 'ValueNotInToken', value: 'card number' }] },
  DestinationNotAllowed: { given: ofForwards, samples: [{ type: 'DestinationNotAllowed' }] },
  HeaderNotAllowed: { given: ofForwards, samples: [{ type: 'HeaderNotAllowed', header: 'header' }] },
  RequestTooLarge: { given: ofForwards, samples: [{ type: 'RequestTooLarge' }] },
  ForwardFailed: {
    given: ofForwards,
    samples: reasons.map((reason) => ({ type: 'ForwardFailed', sent: 'unknown', reason })),
  },
  ForwardTimedOut: { given: ofForwards, samples: [{ type: 'ForwardTimedOut', sent: 'unknown' }] },
  IdempotencyKeyInUse: { given: ofIdempotency, samples: [{ type: 'IdempotencyKeyInUse' }] },
  IdempotencyKeyReused: { given: ofIdempotency, samples: [{ type: 'IdempotencyKeyReused' }] },
  TooManyCodes: { given: ofCards, samples: [{ type: 'TooManyCodes' }] },
  TooManySessions: { samples: [{ type: 'TooManySessions' }] },
  Unavailable: { given: always, samples: [{ type: 'Unavailable' }] },
  Sealed: { given: always, samples: [{ type: 'Sealed' }] },
}
