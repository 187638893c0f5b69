import { describe, expect, test } from 'vitest'
import { describeForm, judgeForm, schemeOfForm } from './form-state.ts'

const nowMs = Date.UTC(2026, 5, 15)
const card = { number: '4242 4242 4242 4242', expiry: '12 / 30', code: '123' }

const describeTyped = (texts: Parameters<typeof judgeForm>[0], issuer?: string) => {
  const scheme = schemeOfForm(texts, issuer)
  return describeForm(texts, scheme, judgeForm(texts, scheme, nowMs), {})
}

test('the page is told what can be sent and of which brand it is, and nothing else', () => {
  expect(describeTyped(card)).toEqual({
    empty: false,
    complete: true,
    valid: true,
    brand: 'visa',
    errors: {},
  })
  expect(describeTyped({ number: '', expiry: '', code: '' })).toEqual({
    empty: true,
    complete: false,
    valid: true,
    errors: {},
  })
})

test('nothing that was typed is in what the page is told', () => {
  expect(JSON.stringify(describeTyped(card))).not.toMatch(/\d/)
})

describe('the code follows the scheme', () => {
  test('of the number that is typed', () => {
    const amex = { number: '3782 822463 10005', expiry: '12 / 30', code: '123' }
    expect(judgeForm(amex, schemeOfForm(amex, undefined), nowMs)).toEqual({ code: 'incomplete' })
    expect(judgeForm({ ...card, code: '1234' }, 'visa', nowMs)).toEqual({ code: 'invalid' })
  })

  test('of the card that is known', () => {
    expect(describeTyped({ code: '123' }, '378282')).toMatchObject({ complete: false, brand: 'amex' })
    expect(describeTyped({ code: '1234' }, '378282')).toMatchObject({ complete: true, brand: 'amex' })
  })
})

test('each field is judged by itself', () => {
  const texts = { number: '4242', expiry: '01 / 20', code: '' }
  expect(judgeForm(texts, 'visa', nowMs)).toEqual({ number: 'incomplete', expiry: 'expired', code: 'empty' })
})
