import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSessionState } from './session-state.ts'

const jwk = { kty: 'RSA', n: 'n'.repeat(342), e: 'AQAB' }
const key = { n: jwk.n, e: jwk.e }
const known = {
  account_number_last_four: '4242',
  account_number_length: 16,
  issuer_identification_number: '424242',
  expiry_month: 4,
  expiry_year: 2033,
  scheme: 'visa',
}

test.each([
  [
    { next_action: 'tokenize_card', data: { provider: 'guardian', jwk } },
    { type: 'wants card', key },
  ],
  [
    { next_action: 'refresh_security_code', data: { ...known, jwk } },
    {
      type: 'wants code',
      key,
      card: { issuerNumber: '424242', last4: '4242', expiryMonth: 4, expiryYear: 2033 },
    },
  ],
  [{ next_action: 'wait', data: {} }, { type: 'wait' }],
  [
    { next_action: null, status: 'success', data: { token_id: 'a' } },
    { type: 'success', tokenId: 'a' },
  ],
  [
    { status: 'success', data: { token_id: 'a' } },
    { type: 'success', tokenId: 'a' },
  ],
  [{ next_action: null, status: 'failure', data: { reason: 'x' } }, { type: 'failure' }],
])('%o is understood', (told, state) => {
  expect(readSessionState(told)).toEqual(state)
})

test.each([
  ['a step that is not known', { next_action: '3ds_challenge', data: { jwk } }],
  [
    'a key that is too short',
    { next_action: 'tokenize_card', data: { jwk: { ...jwk, n: 'n'.repeat(171) } } },
  ],
  ['no key', { next_action: 'tokenize_card', data: {} }],
  ['success without a token', { next_action: null, status: 'success', data: {} }],
  ['a card without digits', { next_action: 'refresh_security_code', data: { jwk } }],
])('%s is not', (_, told) => {
  expect(readSessionState(told)).toBeUndefined()
})

test('no answer makes the reader throw', () => {
  const state = fc.record({ next_action: fc.anything(), status: fc.anything(), data: fc.anything() })
  fc.assert(
    fc.property(fc.oneof(fc.anything(), state), (value) => {
      expect(() => readSessionState(value)).not.toThrow()
    }),
    { seed: 1 },
  )
})
