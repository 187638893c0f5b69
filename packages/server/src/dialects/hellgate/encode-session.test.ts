import type { Scheme } from '@cardkeep/core/cards/scheme'
import type { TokenId } from '@cardkeep/core/kernel/ids'
import type { CaptureSession, CaptureWish, SessionState } from '@cardkeep/core/sessions/capture-session'
import { Check } from 'typebox/value'
import { expect, test } from 'vitest'
import { encodeSession } from './encode-session.ts'
import { sessionStateReply } from './wire.ts'

const tokenId = '0f8fad5b-d9cb-469f-a165-70867728950e' as TokenId
const key = { id: 'key', modulus: 'n0-_', exponent: 'AQAB' }
const jwk = { kty: 'RSA', n: 'n0-_', e: 'AQAB' }

const refresh = (scheme: Scheme): CaptureWish => ({
  type: 'refresh code',
  tokenId,
  card: { issuerNumber: '42424242', last4: '4242', length: 16, scheme, expiryMonth: 4, expiryYear: 2033 },
})

const stateOf = (state: SessionState, wish: CaptureWish = { type: 'tokenize', lifetimeMs: 5 }) => {
  const session = { wish, key } as CaptureSession
  const { status, body } = encodeSession({ type: 'found', session, state }, 'https://vault.example')
  expect([status, Check(sessionStateReply, body)]).toEqual([200, true])
  return body
}

test('an open session asks for a card, with the key to seal it for', () => {
  expect(stateOf({ type: 'open' })).toEqual({
    next_action: 'tokenize_card',
    data: { provider: 'guardian', api_key: 'none', base_url: 'https://vault.example/cde', jwk },
  })
})

test('an open session asks for a code, and shows of the card what a mask shows', () => {
  expect(stateOf({ type: 'open' }, refresh('visa'))).toEqual({
    next_action: 'refresh_security_code',
    data: {
      account_number_last_four: '4242',
      account_number_length: 16,
      issuer_identification_number: '42424242',
      expiry_month: 4,
      expiry_year: 2033,
      scheme: 'visa',
      jwk,
    },
  })
})

test.each<readonly [Scheme, string]>([
  ['amex', 'american-express'],
  ['diners', 'diners-club'],
  ['unionpay', 'unionpay'],
  ['maestro', 'unknown'],
  ['unknown', 'unknown'],
])('the scheme %s is called %s there', (scheme, word) => {
  expect(stateOf({ type: 'open' }, refresh(scheme))).toMatchObject({ data: { scheme: word } })
})

test('while an answer is worked on, whoever asks is told to wait', () => {
  expect(stateOf({ type: 'answering' })).toEqual({ next_action: 'wait', data: {} })
})

test('an answered session tells its token, and one that failed why', () => {
  expect(stateOf({ type: 'ended', end: { type: 'success', tokenId } })).toEqual({
    next_action: null,
    status: 'success',
    data: { token_id: tokenId },
  })
  expect(stateOf({ type: 'ended', end: { type: 'failure', reason: 'too many failures' } })).toEqual({
    next_action: null,
    status: 'failure',
    data: { reason: 'Too many failed attempts', reason_code: 'TOO_MANY_FAILURES' },
  })
  expect(stateOf({ type: 'ended', end: { type: 'failure', reason: 'token not found' } })).toMatchObject({
    status: 'failure',
    data: { reason_code: 'NOT_FOUND' },
  })
})
