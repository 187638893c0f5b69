import { expect, test } from 'vitest'
import { readFromPage } from './from-page.ts'

test('an update says what it changes, and nothing of what it leaves as it was', () => {
  const read = readFromPage('cardNumber')
  const data = {
    disabled: true,
    cvcOnly: true,
    autocomplete: 'off',
    placeholder: 'Number',
    ariaLabel: undefined,
    schemes: ['visa', 'american-express'],
    value: '424242 ****** 4242',
  }
  expect(read({ type: 'update', data })).toEqual({
    type: 'update',
    options: {
      disabled: true,
      cvcOnly: true,
      autocomplete: 'off',
      placeholder: 'Number',
      brands: ['visa', 'american-express'],
      values: { cardNumber: '424242 ****** 4242' },
    },
  })
  expect(read({ type: 'update', data: { disabled: false, value: undefined } })).toEqual({
    type: 'update',
    options: { disabled: false },
  })
})

test('a brand that is not known any more is told by a name without a value', () => {
  const read = readFromPage('cardVerificationCode')
  const optionsOf = (data: object) => read({ type: 'update', data })
  expect(optionsOf({ cardType: 'visa' })).toEqual({ type: 'update', options: { cardType: 'visa' } })
  expect(optionsOf({ cardType: undefined })).toEqual({ type: 'update', options: { cardType: '' } })
  expect(optionsOf({})).toEqual({ type: 'update', options: {} })
})

test('the values of a card come by the names of its inputs', () => {
  const value = { cardNumber: '4242', cardExpirationDate: '04 / 33', cardVerificationCode: null, text: 'no' }
  expect(readFromPage('card')({ type: 'update', data: { value } })).toEqual({
    type: 'update',
    options: { values: { cardNumber: '4242', cardExpirationDate: '04 / 33' } },
  })
})

test.each([
  ['not an object', 'update'],
  ['nothing', null],
  ['without a type', { data: {} }],
  ['of a type that there is not', { type: 'submit' }],
  ['a list', ['update']],
])('a message that is %s is none', (_what, message) => {
  expect(readFromPage('card')(message)).toBeUndefined()
})

test('options of the wrong kind are left out', () => {
  const data = {
    style: 'red',
    disabled: 'yes',
    cvcOnly: 1,
    autocomplete: 'cc-number',
    placeholder: 'x'.repeat(121),
    ariaLabel: {},
    schemes: 'visa',
    value: ['x'],
  }
  expect(readFromPage('text')({ type: 'update', data })).toEqual({ type: 'update', options: { values: {} } })
  expect(readFromPage('text')({ type: 'update' })).toEqual({ type: 'update', options: {} })
})
