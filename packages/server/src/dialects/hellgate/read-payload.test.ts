import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { epochMs } from '@cardkeep/core/kernel/time'
import { testCards } from '@cardkeep/testing/canary/cards'
import { describe, expect, test } from 'vitest'
import { readPayload } from './read-payload.ts'

const at = epochMs(Date.UTC(2026, 0, 1, 12))
const dayMs = 86_400_000

const read = (answers: 'tokenize' | 'refresh code', payload: unknown, name?: string) => {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const holder =
    name === undefined ? undefined : { firstName: undefined, lastName: undefined, fullName: name }
  return readPayload({ answers, holder, at })(new Secret(text))
}

const card = {
  account_number: testCards.visa,
  expiry_month: 4,
  expiry_year: 2033,
  security_code: '123',
}

const answerOf = (more: object, name?: string) => {
  const answer = read('tokenize', { ...card, ...more }, name)
  if (!answer.ok) return answer.error
  if (answer.value.type !== 'tokenize') throw new Error('a card was read as a code')
  const { code, lifetimeMs } = answer.value
  const { pan, expiry, holder } = answer.value.card
  return {
    number: openSecret(pan, 'check'),
    expiry,
    name: holder?.fullName,
    code: code && openSecret(code, 'check'),
    lifetimeMs,
  }
}

describe('a card', () => {
  test("is read as the vendor's SDKs seal it", () => {
    expect(answerOf({ additional_data: { cardholder_name: 'Jane Holder' } })).toEqual({
      number: testCards.visa,
      expiry: { month: 4, year: 2033, yearDigits: 4 },
      name: 'Jane Holder',
      code: '123',
      lifetimeMs: undefined,
    })
  })

  test('has the name that stands nearest to it', () => {
    const below = { additional_data: { cardholder_name: 'below' } }
    expect(answerOf({ cardholder_name: 'above', ...below }, 'beside')).toMatchObject({ name: 'above' })
    expect(answerOf(below, 'beside')).toMatchObject({ name: 'below' })
    expect(answerOf({ additional_data: null, cardholder_name: null }, 'beside')).toMatchObject({
      name: 'beside',
    })
    expect(answerOf({})).toMatchObject({ name: undefined })
  })

  test('may come without a code, and with what the vault has no use for', () => {
    const { security_code: _, ...withoutCode } = card
    expect(read('tokenize', withoutCode)).toMatchObject({ value: { code: undefined } })
    const address = { line1: 'a', line2: 'b', city: 'c', postal_code: 'd' }
    expect(
      answerOf({ additional_data: { billing_address: address, email: 5 }, lifecycle: 'x' }),
    ).toMatchObject({
      code: '123',
    })
  })

  test.each([
    ['a wrong number', { account_number: '4111111111111112' }, { type: 'InvalidCardNumber' }],
    ['a number that is a number', { account_number: 4 }, { type: 'InvalidField', field: 'account_number' }],
    ['a month as text', { expiry_month: '04' }, { type: 'InvalidField', field: 'expiry_month' }],
    ['a thirteenth month', { expiry_month: 13 }, { type: 'InvalidField', field: 'expiry_month' }],
    ['a year of two digits', { expiry_year: 33 }, { type: 'InvalidField', field: 'expiry_year' }],
    ['a fraction of a year', { expiry_year: 2033.5 }, { type: 'InvalidField', field: 'expiry_year' }],
    ['a year far off', { expiry_year: 2133 }, { type: 'InvalidExpiryYear' }],
    ["a code of another scheme's length", { security_code: '1234' }, { type: 'InvalidCode' }],
    ['an empty code', { security_code: '' }, { type: 'InvalidCode' }],
    ['a code that is a number', { security_code: 123 }, { type: 'InvalidField', field: 'security_code' }],
    ['an empty name', { cardholder_name: '' }, { type: 'InvalidField', field: 'cardholder_name' }],
    [
      'a name with a line break',
      { additional_data: { cardholder_name: 'a\nb' } },
      { type: 'InvalidField', field: 'cardholder_name', within: ['additional_data'] },
    ],
    ['no number', { account_number: undefined }, { type: 'MissingField', field: 'account_number' }],
  ])('with %s is refused by the name of what is wrong', (_, more, refusal) => {
    expect(answerOf(more)).toEqual(refusal)
  })

  test.each([
    [{ ephemeral: false }, undefined],
    [{ ephemeral: true }, dayMs],
    [{ expiration_date: '2026-01-02T12:00:00Z' }, dayMs],
    [{ ephemeral: true, expiration_date: '2026-01-03T12:00:00Z' }, 2 * dayMs],
    [{ expiration_date: '2026-01-01' }, dayMs / 2 - 1],
    [{ expiration_date: '2030-01-01' }, 30 * dayMs],
  ])('that is sealed with %j lives for %s milliseconds', (more, lifetimeMs) => {
    expect(answerOf(more)).toMatchObject({ lifetimeMs })
  })

  test.each(['2026-01-01T12:00:00Z', '2025-12-31', 'soon', ''])(
    'that would be over by now, or at no time at all, is refused: "%s"',
    (date) => {
      expect(answerOf({ expiration_date: date })).toEqual({
        type: 'InvalidField',
        field: 'expiration_date',
      })
    },
  )
})

describe('a code', () => {
  test('is read and left to be held against its card', () => {
    const answer = read('refresh code', { security_code: '1234', more: true })
    expect(answer.ok && answer.value.type === 'refresh code' && openSecret(answer.value.code, 'check')).toBe(
      '1234',
    )
  })

  test.each([
    [{}, { type: 'MissingField', field: 'security_code' }],
    [{ security_code: 123 }, { type: 'InvalidField', field: 'security_code' }],
    [{ security_code: '12345' }, { type: 'InvalidField', field: 'security_code' }],
    [{ security_code: null }, { type: 'InvalidField', field: 'security_code' }],
  ])('is refused where it is not there or none: %j', (payload, error) => {
    expect(read('refresh code', payload)).toEqual({ ok: false, error })
  })
})

test.each(['', 'null', '5', '"x"', '[]', '{', '{"security_code":"1","security_code":"2"}'])(
  'what is no JSON object, or says a thing twice, is not readable: %s',
  (text) => {
    for (const answers of ['tokenize', 'refresh code'] as const)
      expect(read(answers, text)).toEqual({ ok: false, error: { type: 'PayloadNotReadable' } })
  },
)
