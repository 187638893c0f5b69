import type { Refusal } from '@cardkeep/core/errors'
import { Check } from 'typebox/value'
import { expect, test } from 'vitest'
import type { Route } from '../../http/route.ts'
import { encodeBug, encodeRefusal, tokenPath } from './errors.ts'
import { refusalBody } from './wire.ts'

type Expected = readonly [status: number, code: string, message?: string, seconds?: number]

const attempts = 'Too many attempts: try again later'
const away = 'The service is unavailable: try again later'
const notFound = 'The specified resource was not found'
const forbidden = "You don't have permission to access this resource"

const expected: readonly (readonly [Refusal, Expected])[] = [
  [{ type: 'MissingField', field: 'name' }, [400, 'MISSING_FIELD', 'name is missing']],
  [
    { type: 'MissingField', field: 'x-customer-id', within: ['headers'] },
    [400, 'MISSING_FIELD', 'headers.x-customer-id is missing'],
  ],
  [
    { type: 'InvalidField', field: 'cvv', why: 'must be digits' },
    [400, 'INVALID_FIELD', 'cvv must be digits'],
  ],
  [
    { type: 'InvalidField', field: 'id', within: ['account'] },
    [400, 'INVALID_FIELD', 'account.id is not valid'],
  ],
  [
    {
      type: 'InvalidFields',
      faults: [
        { type: 'InvalidField', field: 'name', why: 'is missing' },
        { type: 'InvalidField', field: 'type', why: 'is not valid' },
      ],
    },
    [400, 'INVALID_FIELD', 'name is missing; type is not valid'],
  ],
  [{ type: 'BodyNotReadable' }, [400, 'INVALID_BODY']],
  [{ type: 'BodyTooLarge' }, [413, 'BODY_TOO_LARGE']],
  [{ type: 'ContentTypeNotSupported' }, [415, 'CONTENT_TYPE_NOT_SUPPORTED']],
  [{ type: 'RouteNotFound' }, [404, 'NOT_FOUND', notFound]],
  [{ type: 'IssuedCardNotFound' }, [404, 'CARD_NOT_FOUND', notFound]],
  [{ type: 'RotationNotFound' }, [404, 'ROTATION_NOT_FOUND']],
  [{ type: 'NotPermitted' }, [403, 'FORBIDDEN', forbidden]],
  [{ type: 'IssuerNotReady', reason: 'not enabled' }, [403, 'NOT_AN_ISSUER', forbidden]],
  [{ type: 'IssuerNotReady', reason: 'no BIN' }, [503, 'ISSUER_NOT_READY']],
  [{ type: 'IssuerNotReady', reason: 'no CVK' }, [503, 'ISSUER_NOT_READY']],
  [{ type: 'IssuerNotReady', reason: 'no number left' }, [503, 'ISSUER_NOT_READY']],
  [{ type: 'LockedOut', retryAfterSeconds: 1_799 }, [429, 'TOO_MANY_ATTEMPTS', attempts, 1_799]],
  [{ type: 'TooManyGuesses', retryAfterSeconds: 1 }, [429, 'TOO_MANY_ATTEMPTS', attempts, 1]],
  [{ type: 'IdempotencyKeyInUse' }, [409, 'IDEMPOTENCY_KEY_IN_USE']],
  [{ type: 'IdempotencyKeyReused' }, [409, 'IDEMPOTENCY_KEY_REUSED']],
  [{ type: 'Unavailable' }, [503, 'UNAVAILABLE', away, 2]],
  [{ type: 'Sealed' }, [503, 'SEALED', away]],
  // what other APIs are refused
  [{ type: 'InvalidCardNumber' }, [400, 'INVALID_BODY']],
  [{ type: 'InvalidExpiryMonth' }, [400, 'INVALID_BODY']],
  [{ type: 'InvalidExpiryYear' }, [400, 'INVALID_BODY']],
  [{ type: 'InvalidCode' }, [400, 'INVALID_BODY']],
  [{ type: 'CardExpired' }, [400, 'INVALID_BODY']],
  [{ type: 'PayloadNotReadable' }, [400, 'INVALID_BODY']],
  [{ type: 'CaptureRefused', fault: 'altered' }, [400, 'INVALID_BODY']],
  [{ type: 'CodeRequired' }, [400, 'INVALID_BODY']],
  [{ type: 'UnknownPlaceholder', placeholder: '{{ x }}' }, [400, 'INVALID_BODY']],
  [{ type: 'ValueNotInToken', value: 'holder name' }, [400, 'INVALID_BODY']],
  [{ type: 'HeaderNotAllowed', header: 'host' }, [400, 'INVALID_BODY']],
  [{ type: 'NetworkTokenRefused', reason: 'no provider' }, [400, 'INVALID_BODY']],
  [{ type: 'TooManyCaptureKeys' }, [400, 'INVALID_BODY']],
  [{ type: 'RequestTooLarge' }, [413, 'BODY_TOO_LARGE']],
  [{ type: 'TokenNotFound' }, [404, 'NOT_FOUND', notFound]],
  [{ type: 'ScopeNotFound' }, [404, 'NOT_FOUND', notFound]],
  [{ type: 'CaptureKeyNotFound' }, [404, 'NOT_FOUND', notFound]],
  [{ type: 'CodeNotHeld' }, [404, 'NOT_FOUND', notFound]],
  [{ type: 'SessionNotFound' }, [404, 'NOT_FOUND', notFound]],
  [{ type: 'DestinationNotAllowed' }, [403, 'FORBIDDEN', forbidden]],
  [{ type: 'ForwardFailed', sent: 'no', reason: 'tls' }, [502, 'FORWARD_FAILED']],
  [{ type: 'ForwardTimedOut', sent: 'unknown' }, [504, 'FORWARD_TIMED_OUT']],
  [{ type: 'TooManyCodes' }, [429, 'TOO_MANY_REQUESTS', attempts, 60]],
  [{ type: 'TooManySessions' }, [429, 'TOO_MANY_REQUESTS', attempts, 60]],
]

test.each(expected)(
  '%j is said with its status, its word and nothing else',
  (refusal, [status, code, ...more]) => {
    const [message = expect.any(String) as string, seconds] = more
    const reply = encodeRefusal(refusal)
    expect(reply).toStrictEqual({
      status,
      headers: seconds === undefined ? {} : { 'retry-after': String(seconds) },
      body: { error_code: code, message },
    })
    expect(Check(refusalBody, reply.body)).toBe(true)
  },
)

test('whoever shows no good token is told how to, in the words of the description', () => {
  expect(encodeRefusal({ type: 'NotAuthenticated' })).toStrictEqual({
    status: 401,
    headers: { 'www-authenticate': 'Bearer realm="cardkeep"' },
    body: { error_code: 'UNAUTHORIZED', message: 'Access token is missing or invalid' },
  })
})

test('a client that is not known is told so, and of no token', () => {
  const route = { path: tokenPath } as Route
  expect(encodeRefusal({ type: 'NotAuthenticated' }, route)).toMatchObject({
    status: 401,
    body: { error_code: 'INVALID_CLIENT' },
  })
  expect(encodeRefusal({ type: 'Sealed' }, route).body).toMatchObject({ error_code: 'SEALED' })
})

test('a bug is told in the same form, without a detail', () => {
  expect(encodeBug()).toEqual({
    status: 500,
    body: { error_code: 'INTERNAL_ERROR', message: 'Internal server error' },
  })
})
