import { testCards } from '@cardkeep/testing/canary/cards'
import { describe, expect, test } from 'vitest'
import { readForwardHeaders } from './forward-headers.ts'

const sent = (headers: Record<string, string | readonly string[]>) => {
  const read = readForwardHeaders(headers)
  return read.ok ? read.value : read.error
}

test("the caller's own headers go on as they are", () => {
  const headers = {
    authorization: 'Bearer psp',
    'x-idempotency-key': 'k',
    accept: 'a/b',
    'user-agent': 'shop',
  }
  expect(sent(headers)).toEqual(headers)
  expect(sent({ 'x-many': ['a', 'b'] })).toEqual({ 'x-many': 'a,b' })
})

test.each([
  'x-api-key',
  'x-hellgate-token',
  'x-destination-url',
  'x-hellgate-version',
  'x-hellgate-account',
  'x-cvc-session-id',
  'cardkeep-code-policy',
  'host',
  'connection',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'accept-encoding',
  'cookie',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-real-ip',
  'via',
])('%s stays here', (name) => {
  expect(sent({ [name]: 'v', 'x-other': 'o' })).toEqual({ 'x-other': 'o' })
})

test('what Connection names belongs to the connection', () => {
  expect(sent({ connection: 'close, X-Hop', 'x-hop': '1', 'x-other': 'o' })).toEqual({ 'x-other': 'o' })
})

describe('a pair', () => {
  test('goes as the header that it names, in the place of one of the same name', () => {
    expect(
      sent({
        authorization: 'Bearer mine',
        'x-api-key': 'hg_test',
        'x-auth-name': 'Authorization',
        'x-auth-value': 'Basic theirs',
        'x-key-name': 'X-API-Key',
        'x-key-value': 'theirs',
        'x-a-long-label-name': 'x-three',
        'x-a-long-label-value': '3',
      }),
    ).toEqual({ Authorization: 'Basic theirs', 'X-API-Key': 'theirs', 'x-three': '3' })
  })

  test('that is half is refused by what it lacks', () => {
    expect(sent({ 'x-auth-name': 'a' })).toEqual({ type: 'MissingField', field: 'x-auth-value' })
    expect(sent({ 'x-auth-value': 'a' })).toEqual({ type: 'MissingField', field: 'x-auth-name' })
  })

  test('that is half and has a card number for its label is refused without it', () => {
    const field = 'x-[card number]-value'
    expect(sent({ [`x-${testCards.visa}-name`]: 'a' })).toEqual({ type: 'MissingField', field })
  })

  test('of a name that another pair has is refused', () => {
    expect(sent({ 'x-a-name': 'One', 'x-a-value': '1', 'x-b-name': 'one', 'x-b-value': '2' })).toEqual({
      type: 'HeaderNotAllowed',
      header: 'one',
    })
  })
})

test.each([
  ['a value', { 'x-card': 'n={{ account_number }}' }, 'x-card'],
  ['the value of a pair', { 'x-a-name': 'X-Card', 'x-a-value': '{{ security_code }}' }, 'X-Card'],
  ['the name of a pair', { 'x-a-name': 'x-{{ security_code }}', 'x-a-value': '1' }, 'x-{{ security_code }}'],
])('a placeholder in %s is refused', (_, headers, header) => {
  expect(sent(headers)).toEqual({ type: 'HeaderNotAllowed', header })
})
