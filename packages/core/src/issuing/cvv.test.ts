import { testCards } from '@cardkeep/testing/canary/cards'
import { expect, test } from 'vitest'
import { parsePan } from '../cards/pan.ts'
import { Secret } from '../kernel/secret.ts'
import { cvvBlocks, cvvDigits, cvvInputOf, decimalise } from './cvv.ts'
import { asServiceCode } from './service-code.ts'

test('number, expiry and service code stand in two blocks, with zeros behind them', () => {
  expect(cvvBlocks({ pan: '4123456789012345', expiry: '8701', serviceCode: '111' })).toEqual([
    '4123456789012345',
    '8701111000000000',
  ])
  expect(cvvBlocks({ pan: '123456789012', expiry: '1108', serviceCode: '000' })).toEqual([
    '1234567890121108',
    '0000000000000000',
  ])
  expect(cvvBlocks({ pan: '4123456789012345678', expiry: '8701', serviceCode: '101' })).toEqual([
    '4123456789012345',
    '6788701101000000',
  ])
})

test.each([
  { pan: '41234567890', expiry: '8701', serviceCode: '111' },
  { pan: '41234567890123456789', expiry: '8701', serviceCode: '111' },
  { pan: '4123456789012345', expiry: '8701', serviceCode: '11a' },
  { pan: '', expiry: '', serviceCode: '' },
])('what is not digits, too short or too long is no input: %o', (input) => {
  expect(() => cvvBlocks(input)).toThrow('what a CVV is made of is not digits')
})

test.each([
  // As key services publish it, step by step.
  ['8D5625FA78011A0C', '856'],
  ['8d5625fa78011a0c', '856'],
  ['0000000000000000', '000'],
  ['ABCDEFABCDEFABCD', '012'],
  ['FFFFFFFFFFFFFFF7', '755'],
  ['ABCDEFABCDE9FA0C', '900'],
  ['ABCDEFABCDEFAB42', '420'],
])('the digits of %s come first, and then its letters less ten: %s', (hex, cvv) => {
  expect(decimalise(hex)).toBe(cvv)
  expect(cvv).toHaveLength(cvvDigits)
})

test('of a card the expiry is spelled with the year first', () => {
  const pan = parsePan(new Secret(testCards.visa))
  if (!pan.ok) throw new Error('no card number')
  const card = { expiryMonth: 3, expiryYear: 2032 }
  expect(cvvInputOf(card, pan.value, asServiceCode('007'))).toEqual({
    pan: testCards.visa,
    expiry: '3203',
    serviceCode: '007',
  })
})
