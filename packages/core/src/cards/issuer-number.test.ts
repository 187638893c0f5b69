import { testCards } from '@cardkeep/testing/canary/cards'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Secret } from '../kernel/secret.ts'
import { issuerNumberOf } from './issuer-number.ts'
import type { Pan } from './pan.ts'

test('beside the last four at least four digits stay hidden, of a number of sixteen or more', () => {
  const number = fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 13, maxLength: 19 })
  fc.assert(
    fc.property(number, (digits) => {
      const shown = issuerNumberOf(new Secret(digits) as Pan)
      expect(digits.startsWith(shown)).toBe(true)
      expect(digits.length < 16 ? [6] : [6, 8]).toContain(shown.length)
    }),
    { seed: 1 },
  )
})

test.each([
  ['a Visa of sixteen digits', testCards.visa, '41111111'],
  ['a Mastercard', '5555555555554444', '55555555'],
  ['a UnionPay of nineteen digits', '6205500000000000004', '62055000'],
  ['a Visa of thirteen digits, of which too few would stay hidden', testCards.visa13, '422222'],
  ['an American Express, whose issuers have six', testCards.amex, '378282'],
  ['a Diners Club', testCards.diners, '305693'],
  ['a card of no known scheme', '9999999999999995', '999999'],
])('the issuer number of %s', (_, number, issuerNumber) => {
  expect(issuerNumberOf(new Secret(number) as Pan)).toBe(issuerNumber)
})
