import type { CaptureFault } from '@cardkeep/core/captures/capture-fault'
import type { NetworkTokenFault, Refusal } from '@cardkeep/core/errors'
import { epochMs } from '@cardkeep/core/kernel/time'
import { Check } from 'typebox/value'
import { expect, test } from 'vitest'
import { createErrors } from './errors.ts'
import { refusalBody } from './wire.ts'

const at = epochMs(1_767_225_600_123)
const { encodeRefusal, encodeBug, saysAlways } = createErrors({ now: () => at })

/** To the letter. */
const messages: Readonly<Record<number, string>> = {
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
}

test('what every refusal of a status says is what the documents say of it', () => {
  for (const [status, message] of Object.entries(messages))
    expect(saysAlways?.(Number(status))).toEqual({ message, code: Number(status) })
  expect(saysAlways?.(418)).toEqual({})
})

type Expected = readonly [status: number, details?: Readonly<Record<string, string>>, seconds?: number]

const words = expect.any(String) as string
const invalid = (path: string, message = words): Expected => [400, { [path]: message }]

const captureFaults: Readonly<Record<CaptureFault, RegExp>> = {
  'too large': /larger/,
  'not a message': /not an OpenPGP message/,
  damaged: /damaged/,
  'not encrypted': /not encrypted/,
  'password only': /password/,
  'for another key': /another key/,
  'cipher not supported': /IDEA/,
  altered: /altered/,
  'expands too far': /unpacks/,
  'nested too deep': /within messages/,
  'took too long': /too long/,
  'not an object': /JSON object/,
  'no capture time': /no captureTime/,
  'capture time not readable': /RFC 3339/,
  'too old': /15 minutes/,
  'ahead of time': /future/,
}

const networkTokenFaults: Readonly<Record<NetworkTokenFault, RegExp>> = {
  'scope without network tokens': /token scope/,
  'no provider': /nobody issues/,
  'no network token': /no network token/,
}

const expected: readonly (readonly [Refusal, Expected])[] = [
  [{ type: 'MissingField', field: 'token_scope' }, invalid('body.token_scope', 'is missing')],
  [
    { type: 'MissingField', field: 'expiryMonth', within: ['encrypted_card'] },
    invalid('body.encrypted_card.expiryMonth', 'is missing'),
  ],
  [{ type: 'InvalidField', field: 'cvv', why: 'must be digits' }, invalid('body.cvv', 'must be digits')],
  [{ type: 'InvalidField', field: 'cvv' }, invalid('body.cvv', 'is not valid')],
  [{ type: 'InvalidField', field: 'id', within: ['params'] }, invalid('params.id')],
  [{ type: 'InvalidField', field: 'a', within: ['query'] }, invalid('query.a')],
  [
    { type: 'InvalidField', field: 'Cardkeep-Code-Policy', within: ['headers'] },
    invalid('headers.Cardkeep-Code-Policy'),
  ],
  [{ type: 'InvalidField', field: 'headers' }, invalid('headers')],
  [
    {
      type: 'InvalidFields',
      faults: [
        { type: 'InvalidField', field: 'id', within: ['params'], why: 'one' },
        { type: 'InvalidField', field: 'entity_id', within: ['token_context'], why: 'two' },
      ],
    },
    [400, { 'params.id': 'one', 'body.token_context.entity_id': 'two' }],
  ],
  [{ type: 'InvalidCardNumber' }, invalid('body.encrypted_card.cardNumber')],
  [{ type: 'InvalidExpiryMonth' }, invalid('body.encrypted_card.expiryMonth')],
  [{ type: 'InvalidExpiryYear' }, invalid('body.encrypted_card.expiryYear')],
  [{ type: 'InvalidCode' }, invalid('body.encrypted_card.cvv')],
  [{ type: 'CardExpired' }, invalid('body.encrypted_card.expiryYear')],
  ...(Object.entries(captureFaults) as [CaptureFault, RegExp][]).map(
    ([fault, message]): readonly [Refusal, Expected] => [
      { type: 'CaptureRefused', fault },
      invalid('body.encrypted_card', expect.stringMatching(message) as string),
    ],
  ),
  ...(Object.entries(networkTokenFaults) as [NetworkTokenFault, RegExp][]).map(
    ([reason, message]): readonly [Refusal, Expected] => [
      { type: 'NetworkTokenRefused', reason },
      invalid('body.scheme_token_action', expect.stringMatching(message) as string),
    ],
  ),
  [{ type: 'CaptureKeyNotFound' }, invalid('body.public_key_alias')],
  [{ type: 'TooManyCaptureKeys' }, invalid('body')],
  [{ type: 'BodyNotReadable' }, invalid('body')],
  [{ type: 'BodyTooLarge' }, [413, { body: words }]],
  [{ type: 'ContentTypeNotSupported' }, [415, { 'headers.Content-Type': words }]],
  [{ type: 'RouteNotFound' }, [404]],
  [{ type: 'TokenNotFound' }, [404, { 'params.id': words }]],
  [{ type: 'ScopeNotFound' }, [404, { 'body.token_scope': words }]],
  [{ type: 'NotPermitted' }, [403]],
  [{ type: 'LockedOut', retryAfterSeconds: 1_799 }, [429, {}, 1_799]],
  [{ type: 'TooManyGuesses', retryAfterSeconds: 60 }, [429, {}, 60]],
  [{ type: 'TooManyCodes' }, [429, {}, 60]],
  [{ type: 'Unavailable' }, [503, {}, 2]],
  [{ type: 'Sealed' }, [503]],
  [{ type: 'SessionNotFound' }, [404]],
  [{ type: 'PayloadNotReadable' }, invalid('body')],
  [{ type: 'TooManySessions' }, [429, {}, 60]],
  [{ type: 'CodeNotHeld' }, [404]],
  [{ type: 'CodeRequired' }, invalid('body')],
  [{ type: 'UnknownPlaceholder', placeholder: '{{ x }}' }, invalid('body')],
  [{ type: 'ValueNotInToken', value: 'holder name' }, invalid('body')],
  [{ type: 'DestinationNotAllowed' }, [403]],
  [{ type: 'HeaderNotAllowed', header: 'host' }, invalid('headers')],
  [{ type: 'RequestTooLarge' }, [413]],
  [{ type: 'ForwardFailed', sent: 'no', reason: 'tls' }, [502]],
  [{ type: 'ForwardTimedOut', sent: 'unknown' }, [504]],
  [{ type: 'IssuedCardNotFound' }, [404]],
  [{ type: 'RotationNotFound' }, [404]],
  [{ type: 'IssuerNotReady', reason: 'no CVK' }, [403]],
  [{ type: 'IdempotencyKeyInUse' }, [409]],
  [{ type: 'IdempotencyKeyReused' }, [409]],
]

const bodyOf = (status: number, details: Readonly<Record<string, string>> = {}): object => ({
  message: messages[status],
  code: status,
  timestamp: at,
  details: Object.fromEntries(Object.entries(details).map(([path, message]) => [path, { message }])),
  reversal_status: 'NONE',
})

test.each(expected)('$0.type is told as the API tells it', (refusal, [status, details, seconds]) => {
  const reply = encodeRefusal(refusal)
  expect(reply).toEqual({
    status,
    headers: seconds === undefined ? {} : { 'retry-after': String(seconds) },
    body: bodyOf(status, details),
  })
  expect(Check(refusalBody, reply.body)).toBe(true)
})

test('whoever shows no credential is told how to', () => {
  expect(encodeRefusal({ type: 'NotAuthenticated' })).toEqual({
    status: 401,
    headers: { 'www-authenticate': 'Basic realm="cardkeep"' },
    body: bodyOf(401),
  })
})

test('a bug is told in the same form, without a detail', () => {
  expect(encodeBug()).toEqual({ status: 500, body: bodyOf(500) })
})
