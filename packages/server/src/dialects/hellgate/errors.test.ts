import type { Refusal } from '@cardkeep/core/errors'
import { testCards } from '@cardkeep/testing/canary/cards'
import { Check } from 'typebox/value'
import { expect, test } from 'vitest'
import { encodeBug, encodeRefusal } from './errors.ts'
import { hellgate } from './routes.ts'
import { refusalBody } from './wire.ts'

const unauthorized = [401, 'UNAUTHORIZED', 'No valid means of authentication was provided'] as const
const forbidden = [403, 'FORBIDDEN', 'Not allowed to access this resource or feature'] as const
const notFound = [404, 'NOT_FOUND', 'The requested resource was not found.'] as const
const invalid = (path: string, message: string) =>
  [422, 'VALIDATION_ERROR', 'Validation error', { path, message }] as const

type Expected = readonly [
  status: number,
  classifier: string,
  message: string,
  wrongOrSeconds?: { path: string; message: string } | number,
]

/** Each refusal as the vendor's pages say it where they name it: status, classifier and message. */
const expected: readonly (readonly [Refusal, Expected])[] = [
  [{ type: 'MissingField', field: 'expiry_month' }, invalid('$.expiry_month', 'is missing')],
  [
    { type: 'MissingField', field: 'enc_payload', within: ['result'] },
    invalid('$.result.enc_payload', 'is missing'),
  ],
  [{ type: 'MissingField', field: 'x-hellgate-token' }, invalid("$['x-hellgate-token']", 'is missing')],
  [{ type: 'InvalidField', field: 'expiry_year' }, invalid('$.expiry_year', 'is not valid')],
  [{ type: 'InvalidField', field: 'a?b', within: ['result'] }, invalid("$.result['a?b']", 'is not valid')],
  [{ type: 'InvalidCardNumber' }, invalid('$.account_number', 'is not a card number')],
  [{ type: 'InvalidExpiryMonth' }, invalid('$.expiry_month', 'is not a month')],
  [{ type: 'InvalidExpiryYear' }, invalid('$.expiry_year', 'is not a year in which a card can expire')],
  [{ type: 'InvalidCode' }, invalid('$.security_code', 'is not a security code of this card')],
  [{ type: 'CardExpired' }, invalid('$.expiry_year', 'has passed: the card has expired')],
  [{ type: 'PayloadNotReadable' }, invalid('$.result.enc_payload', 'cannot be opened')],
  [{ type: 'BodyNotReadable' }, invalid('$', 'cannot be read')],
  [{ type: 'BodyTooLarge' }, [413, 'PAYLOAD_TOO_LARGE', 'The request is too large']],
  [{ type: 'ContentTypeNotSupported' }, [415, 'UNSUPPORTED_MEDIA_TYPE', 'The content type is not supported']],
  [{ type: 'RouteNotFound' }, notFound],
  [{ type: 'TokenNotFound' }, notFound],
  [{ type: 'NotAuthenticated' }, unauthorized],
  [{ type: 'NotPermitted' }, forbidden],
  [
    { type: 'LockedOut', retryAfterSeconds: 1_799 },
    [429, 'TOO_MANY_REQUESTS', 'Too many failed attempts', 1_799],
  ],
  [
    { type: 'TooManyGuesses', retryAfterSeconds: 60 },
    [429, 'TOO_MANY_REQUESTS', 'Too many failed attempts', 60],
  ],
  [{ type: 'TooManyCodes' }, [429, 'TOO_MANY_REQUESTS', 'Too many security codes are held', 60]],
  [{ type: 'TooManySessions' }, [429, 'TOO_MANY_REQUESTS', 'Too many sessions are open', 60]],
  [{ type: 'DestinationNotAllowed' }, forbidden],
  [{ type: 'CodeRequired' }, invalid('$', 'asks for a security code, and no code is held')],
  [{ type: 'CodeNotHeld' }, invalid("$['x-cvc-session-id']", 'names no session in which a code is held')],
  [
    { type: 'UnknownPlaceholder', placeholder: '{{ iban }}' },
    invalid('$', 'has a placeholder that cannot stand there: {{ iban }}'),
  ],
  [
    { type: 'ValueNotInToken', value: 'holder name' },
    invalid('$', 'asks for what the token has not: holder name'),
  ],
  [{ type: 'HeaderNotAllowed', header: 'Host' }, invalid("$['host']", 'may not be sent')],
  [
    { type: 'HeaderNotAllowed', header: "x'{{ security_code }}" },
    invalid("$['x????security_code???']", 'may not be sent'),
  ],
  [{ type: 'RequestTooLarge' }, [413, 'PAYLOAD_TOO_LARGE', 'The request is too large']],
  [{ type: 'ForwardFailed', sent: 'no', reason: 'address refused' }, forbidden],
  ...(['name not resolved', 'connection refused', 'tls', 'connection lost', 'answer too large'] as const).map(
    (reason): readonly [Refusal, Expected] => [
      { type: 'ForwardFailed', sent: 'unknown', reason },
      [502, 'BAD_GATEWAY', 'The destination could not be reached or gave no readable answer'],
    ],
  ),
  [
    { type: 'ForwardTimedOut', sent: 'unknown' },
    [504, 'GATEWAY_TIMEOUT', 'The destination did not answer in time'],
  ],
  [
    { type: 'IdempotencyKeyInUse' },
    [409, 'CONFLICT', 'A request with this idempotency key is still in progress'],
  ],
  [{ type: 'IdempotencyKeyReused' }, [409, 'CONFLICT', 'The idempotency key was used for another request']],
  [{ type: 'Unavailable' }, [503, 'SERVICE_UNAVAILABLE', 'Service unavailable', 2]],
  [{ type: 'Sealed' }, [503, 'SERVICE_UNAVAILABLE', 'Service unavailable']],
]

test.each(expected)('$0.type is told as the API tells it', (refusal, [status, classifier, message, more]) => {
  const reply = encodeRefusal(refusal)
  expect(reply).toEqual({
    status,
    ...(typeof more === 'number' && { headers: { 'retry-after': String(more) } }),
    body: {
      code: status,
      classifier,
      message,
      ...(typeof more === 'object' && { validation_errors: [more] }),
    },
  })
  expect(Check(refusalBody, reply.body)).toBe(true)
})

test('a session that is not there is told in the words of the route that was asked', () => {
  const told = hellgate.routes
    .filter(({ path }) => path.startsWith('/sessions'))
    .map((route) => encodeRefusal({ type: 'SessionNotFound' }, route).body)
  const body = { code: 404, classifier: 'NOT_FOUND' }
  expect(told).toEqual([
    { ...body, message: 'The session was not found' },
    { ...body, message: 'The session_context was not found' },
  ])
})

test('a card number in what a caller chose does not come back', () => {
  for (const refusal of [
    { type: 'UnknownPlaceholder', placeholder: `{{ ${testCards.visa} }}` },
    { type: 'HeaderNotAllowed', header: `x-${testCards.visa}` },
  ] as const)
    expect(JSON.stringify(encodeRefusal(refusal))).not.toContain(testCards.visa)
})

test('no digit of what stands in the place of a placeholder comes back: it may be a code', () => {
  const told = encodeRefusal({ type: 'UnknownPlaceholder', placeholder: '{{"cvc":"947"}}' })
  expect(told.body).toMatchObject({
    validation_errors: [{ message: 'has a placeholder that cannot stand there: {{"cvc":"***"}}' }],
  })
})

test('a bug is told in the same form, without a detail', () => {
  expect(encodeBug()).toEqual({
    status: 500,
    body: { code: 500, classifier: 'INTERNAL_SERVER_ERROR', message: 'Internal server error' },
  })
})
