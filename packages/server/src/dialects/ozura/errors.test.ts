import type { Refusal } from '@cardkeep/core/errors'
import { testCards } from '@cardkeep/testing/canary/cards'
import { describe, expect, test } from 'vitest'
import { encodeBug, encodeRefusal } from './errors.ts'

type Expected = readonly [status: number, message: string, retryAfterSeconds?: number]

/** Each refusal with what this API says, from its pages where they name it: statuses, messages and `retry_after_seconds`. */
const expected: readonly (readonly [Refusal, Expected])[] = [
  [{ type: 'MissingField', field: 'token' }, [400, 'Missing required field: token']],
  [{ type: 'InvalidField', field: 'data' }, [400, 'Invalid value for data']],
  [{ type: 'InvalidCardNumber' }, [400, 'Invalid card number']],
  [{ type: 'InvalidExpiryMonth' }, [400, 'Invalid value for expirationMonth']],
  [{ type: 'InvalidExpiryYear' }, [400, 'Invalid value for expirationYear']],
  [{ type: 'InvalidCode' }, [400, 'Invalid value for cvv']],
  [{ type: 'CardExpired' }, [400, 'Card has expired']],
  [{ type: 'BodyNotReadable' }, [400, 'Invalid value for body']],
  [{ type: 'BodyTooLarge' }, [413, 'Invalid value for body']],
  [{ type: 'ContentTypeNotSupported' }, [415, 'Invalid value for Content-Type']],
  [{ type: 'RouteNotFound' }, [404, 'Not found']],
  [{ type: 'NotAuthenticated' }, [401, 'Invalid API key']],
  [{ type: 'NotPermitted' }, [403, 'This API key does not have permission for this operation']],
  [{ type: 'LockedOut', retryAfterSeconds: 1_799 }, [403, 'Too many failed attempts', 1_799]],
  [{ type: 'TooManyGuesses', retryAfterSeconds: 60 }, [429, 'Too many failed attempts', 60]],
  [{ type: 'TokenNotFound' }, [404, 'Token not found']],
  [{ type: 'CodeNotHeld' }, [404, 'CVC session expired or not found']],
  [{ type: 'CodeRequired' }, [400, 'Missing required field: cvc_session_id']],
  [{ type: 'UnknownPlaceholder', placeholder: '${iban}' }, [400, 'Invalid value for request_data: ${iban}']],
  [
    { type: 'ValueNotInToken', value: 'routing number' },
    [400, 'Invalid value for request_data: routing number'],
  ],
  [{ type: 'DestinationNotAllowed' }, [400, 'Invalid proxy URL']],
  [{ type: 'HeaderNotAllowed', header: 'Host' }, [400, 'Invalid value for http_headers']],
  [{ type: 'RequestTooLarge' }, [400, 'Invalid value for request_data']],
  [{ type: 'ForwardFailed', sent: 'no', reason: 'name not resolved' }, [502, 'Failed to proxy request']],
  [{ type: 'ForwardFailed', sent: 'no', reason: 'address refused' }, [400, 'Invalid proxy URL']],
  [{ type: 'ForwardFailed', sent: 'no', reason: 'connection refused' }, [502, 'Failed to proxy request']],
  [{ type: 'ForwardFailed', sent: 'no', reason: 'tls' }, [502, 'Failed to proxy request']],
  [{ type: 'ForwardFailed', sent: 'unknown', reason: 'connection lost' }, [502, 'Failed to proxy request']],
  [{ type: 'ForwardFailed', sent: 'yes', reason: 'answer too large' }, [502, 'Failed to proxy request']],
  [{ type: 'ForwardFailed', sent: 'yes', reason: 'answer not readable' }, [502, 'Failed to proxy request']],
  [{ type: 'ForwardTimedOut', sent: 'unknown' }, [504, 'Request timeout']],
  [{ type: 'IdempotencyKeyInUse' }, [409, 'Request with this Idempotency-Key is still in progress']],
  [{ type: 'IdempotencyKeyReused' }, [409, 'Idempotency-Key was used for another request']],
  [{ type: 'SessionNotFound' }, [404, 'Not found']],
  [{ type: 'PayloadNotReadable' }, [400, 'Invalid value for body']],
  [{ type: 'TooManySessions' }, [429, 'Rate limit exceeded', 30]],
  [
    { type: 'InvalidFields', faults: [{ type: 'InvalidField', field: 'cvv' }] },
    [400, 'Invalid value for cvv'],
  ],
  [{ type: 'CaptureRefused', fault: 'altered' }, [400, 'Invalid value for body']],
  [{ type: 'CaptureKeyNotFound' }, [404, 'Not found']],
  [{ type: 'ScopeNotFound' }, [404, 'Not found']],
  [{ type: 'NetworkTokenRefused', reason: 'no provider' }, [400, 'Invalid value for body']],
  [{ type: 'IssuedCardNotFound' }, [404, 'Not found']],
  [{ type: 'RotationNotFound' }, [404, 'Not found']],
  [{ type: 'IssuerNotReady', reason: 'not enabled' }, [403, 'Not permitted']],
  [{ type: 'TooManyCaptureKeys' }, [400, 'Invalid value for body']],
  [{ type: 'TooManyCodes' }, [429, 'Rate limit exceeded', 30]],
  [{ type: 'Unavailable' }, [503, 'Service unavailable', 2]],
  [{ type: 'Sealed' }, [503, 'Service unavailable']],
]

// A refusal that is added to the union does not compile here until it is listed, and then wants its row above.
type Listed = (typeof expected)[number][0]['type']
const everyType = Object.keys({
  MissingField: 1,
  InvalidField: 1,
  InvalidFields: 1,
  CaptureRefused: 1,
  CaptureKeyNotFound: 1,
  ScopeNotFound: 1,
  NetworkTokenRefused: 1,
  IssuedCardNotFound: 1,
  RotationNotFound: 1,
  IssuerNotReady: 1,
  InvalidCardNumber: 1,
  InvalidExpiryMonth: 1,
  InvalidExpiryYear: 1,
  InvalidCode: 1,
  CardExpired: 1,
  BodyNotReadable: 1,
  BodyTooLarge: 1,
  ContentTypeNotSupported: 1,
  RouteNotFound: 1,
  NotAuthenticated: 1,
  NotPermitted: 1,
  LockedOut: 1,
  TooManyGuesses: 1,
  TokenNotFound: 1,
  CodeNotHeld: 1,
  CodeRequired: 1,
  UnknownPlaceholder: 1,
  ValueNotInToken: 1,
  DestinationNotAllowed: 1,
  HeaderNotAllowed: 1,
  RequestTooLarge: 1,
  ForwardFailed: 1,
  ForwardTimedOut: 1,
  IdempotencyKeyInUse: 1,
  IdempotencyKeyReused: 1,
  SessionNotFound: 1,
  PayloadNotReadable: 1,
  TooManySessions: 1,
  TooManyCaptureKeys: 1,
  TooManyCodes: 1,
  Unavailable: 1,
  Sealed: 1,
} satisfies Record<Listed, 1>)

test('every refusal that there is stands in the table of this test', () => {
  expect([...new Set(expected.map(([{ type }]) => type))].toSorted()).toEqual(everyType.toSorted())
})

test.each(expected)(
  '%j is said with its status, its message and nothing else',
  (refusal, [status, message, seconds]) => {
    expect(encodeRefusal(refusal)).toEqual({
      status,
      ...(seconds === undefined ? {} : { headers: { 'retry-after': String(seconds) } }),
      body: {
        success: false,
        message,
        data: null,
        ...(seconds === undefined ? {} : { retry_after_seconds: seconds }),
      },
    })
  },
)

describe('a placeholder that is not known is named', () => {
  test.each([testCards.visa, '4111 1111 1111 1111', '4111-1111-1111-1111'])(
    'without the card number %s',
    (number) => {
      const { body } = encodeRefusal({ type: 'UnknownPlaceholder', placeholder: `\${${number}}` })
      expect(body).toMatchObject({ message: 'Invalid value for request_data: ${[card number]}' })
    },
  )
})

test('a bug says nothing about itself', () => {
  expect(encodeBug()).toEqual({
    status: 500,
    body: { success: false, message: 'Internal server error', data: null },
  })
})
