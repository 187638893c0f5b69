import { testCards } from '@cardkeep/testing/canary/cards'
import { expect, test } from 'vitest'
import { type Change, type Content, describeChange } from './change.ts'
import { partRules } from './part-rules.ts'

const nowMs = Date.UTC(2031, 4, 15)

const judge = (content: Partial<Content> & Pick<Content, 'field'>): Change =>
  describeChange({ texts: {}, options: {}, nowMs, ...content })

const number = (text: string, options: Content['options'] = {}): Change =>
  judge({
    field: 'cardNumber',
    options,
    texts: { cardNumber: partRules.cardNumber.format(text, { scheme: 'unknown', isDeleting: false }) },
  })

test('a number is told with its brand once it is a number, and nothing of it before', () => {
  expect(number('')).toEqual({ empty: true, complete: false, valid: false, value: null })
  expect(number('4111')).toMatchObject({
    empty: false,
    complete: false,
    valid: false,
    errorCode: 'NOT_COMPLETE',
    cardBrand: 'visa',
    value: null,
  })
  expect(number(testCards.visa)).toEqual({
    empty: false,
    complete: true,
    valid: true,
    cardBrand: 'visa',
    value: testCards.visa,
  })
})

test('brands are called as the SDK calls them', () => {
  expect(number(testCards.amex).cardBrand).toBe('american-express')
  expect(number(testCards.diners).cardBrand).toBe('diners-club')
  expect(number(testCards.mastercard).cardBrand).toBe('mastercard')
})

test('a number that is no card’s is complete, wrong and not handed over', () => {
  expect(number('4111111111111112')).toMatchObject({
    complete: true,
    valid: false,
    errorCode: 'LUHN_CHECK_FAILED',
    value: null,
  })
})

test('a brand that the merchant does not take is refused as soon as it is known', () => {
  const brands = ['visa', 'american-express']
  const refused = { valid: false, errorCode: 'SCHEME_NOT_SUPPORTED', value: null }
  expect(number('5105', { brands })).toMatchObject(refused)
  expect(number(testCards.mastercard, { brands })).toMatchObject(refused)
  expect(number('3', { brands })).toMatchObject({ errorCode: 'NOT_COMPLETE' })
  expect(number(testCards.amex, { brands })).toMatchObject({ valid: true })
  expect(number('9000000000000001', { brands })).toMatchObject(refused)
})

test.each([
  ['12 / 31', { valid: true, value: '12 / 31' }],
  ['05 / 2031', { valid: true, value: '05 / 31' }],
  ['04 / 31', { complete: true, valid: false, errorCode: 'INVALID_EXPIRY_DATE', value: null }],
  ['13 / 31', { complete: true, valid: false, errorCode: 'INVALID_EXPIRY_DATE', value: null }],
  ['05 / 3', { complete: false, valid: false, errorCode: 'NOT_COMPLETE', value: null }],
])('the date %s in May of 2031', (text, told) => {
  expect(judge({ field: 'cardExpirationDate', texts: { cardExpirationDate: text } })).toMatchObject(told)
})

test('a code is as long as its brand’s codes are, and of an unknown brand either', () => {
  const code = (text: string, cardType: string) =>
    judge({ field: 'cardVerificationCode', options: { cardType }, texts: { cardVerificationCode: text } })
  expect(code('123', 'visa')).toMatchObject({ valid: true, value: '123' })
  expect(code('123', 'american-express')).toMatchObject({
    valid: false,
    errorCode: 'NOT_COMPLETE',
    value: null,
  })
  expect(code('1234', 'american-express')).toMatchObject({ valid: true, value: '1234' })
  expect(code('1234', 'visa').value).toBeNull()
  expect(code('123', '').valid).toBe(true)
  expect(code('1234', '').valid).toBe(true)
})

test('a card is right when its three parts are', () => {
  const texts = { cardNumber: testCards.visa, cardExpirationDate: '12 / 31', cardVerificationCode: '123' }
  expect(judge({ field: 'card', texts })).toEqual({
    empty: false,
    complete: true,
    valid: true,
    cardBrand: 'visa',
    value: texts,
  })
  expect(judge({ field: 'card', texts: { ...texts, cardVerificationCode: '12' } })).toMatchObject({
    complete: false,
    valid: false,
    value: { cardVerificationCode: null },
  })
  const empty = { cardNumber: '', cardExpirationDate: '', cardVerificationCode: '' }
  expect(judge({ field: 'card', texts: empty })).toMatchObject({ empty: true, complete: false, valid: false })
})

test('of a card that the vault knows only the code is asked, and only the code is handed over', () => {
  const texts = {
    cardNumber: '378282 ***** 0005',
    cardExpirationDate: '04 / 26',
    cardVerificationCode: '1234',
  }
  const options = { cvcOnly: true }
  expect(judge({ field: 'card', texts, options })).toEqual({
    empty: false,
    complete: true,
    valid: true,
    cardBrand: 'american-express',
    value: { cardVerificationCode: '1234' },
  })
  expect(judge({ field: 'card', texts: { ...texts, cardVerificationCode: '123' }, options }).valid).toBe(
    false,
  )
  expect(judge({ field: 'cardNumber', texts: { cardNumber: texts.cardNumber }, options })).toEqual({
    empty: false,
    complete: true,
    valid: true,
    cardBrand: 'american-express',
    value: null,
  })
})

test('a text is handed over without the spaces around it', () => {
  expect(judge({ field: 'text', texts: { text: ' Ada ' } })).toMatchObject({ valid: true, value: 'Ada' })
  expect(judge({ field: 'text', texts: { text: '  ' } })).toMatchObject({ empty: true, value: null })
})
