import { passesLuhn } from '@cardkeep/core/cards/luhn'
import creditCardType from 'credit-card-type'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { digitsIn } from './digits.ts'
import { formatNumber, isNumberFull, judgeNumber } from './number.ts'

test.each([
  ['', ''],
  ['4242', '4242'],
  ['42424', '4242 4'],
  ['4242424242424242', '4242 4242 4242 4242'],
  ['4242-4242-4242-4242', '4242 4242 4242 4242'],
  ['378282246310005', '3782 822463 10005'],
  ['30569309025904', '3056 930902 5904'],
  ['3056930009020004', '3056 9300 0902 0004'],
  ['6205500000000000004', '6205 5000 0000 0000 004'],
  ['55555555555544449', '5555 5555 5555 4444'],
  ['４２４２４', '4242 4'],
  ['٤٢٤٢', '4242'],
  ['my card: 4242', '4242'],
])('"%s" is shown as "%s"', (typed, shown) => {
  expect(formatNumber(typed)).toBe(shown)
})

test('what is shown is in its form already, and has no digit that was not typed', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const shown = formatNumber(text)
      expect(formatNumber(shown)).toBe(shown)
      expect(digitsIn(text).startsWith(digitsIn(shown))).toBe(true)
    }),
    { seed: 1 },
  )
})

describe('a number', () => {
  test.each([
    ['', 'empty'],
    ['4', 'incomplete'],
    ['424242424242424', 'incomplete'],
    ['4242424242424242', undefined],
    ['4242424242424241', 'invalid'],
    ['4222222222222', undefined],
    ['378282246310005', undefined],
    ['378282246310004', 'invalid'],
    ['37828224631000', 'incomplete'],
    ['5555555555554444', undefined],
    ['6205500000000000004', undefined],
    ['0000000000000000', undefined],
    ['9999999999999999', 'invalid'],
  ])('"%s" is %s', (text, error) => {
    expect(judgeNumber(text)).toBe(error)
  })
})

test('only a number that no further digit could mend is full', () => {
  expect(['4242424242424241', '5555555555554443', '378282246310004'].map(isNumberFull)).toEqual([
    false,
    true,
    true,
  ])
})

test.each([
  'visa',
  'mastercard',
  'american-express',
  'diners-club',
  'discover',
  'jcb',
  'unionpay',
  'elo',
  'mir',
])('every length that a cards library knows for %s can be complete', (brand) => {
  const { patterns, lengths } = creditCardType.getTypeInfo(brand)
  const first = patterns.flat()[0]
  for (const length of lengths.filter((digits) => digits >= 13)) {
    const start = String(first).padEnd(length - 1, '0')
    const number =
      '0123456789'
        .split('')
        .map((digit) => start + digit)
        .find(passesLuhn) ?? ''
    expect([number, judgeNumber(number)]).toEqual([number, undefined])
  }
})
