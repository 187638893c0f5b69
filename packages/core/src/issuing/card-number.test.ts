import fc from 'fast-check'
import { expect, test } from 'vitest'
import { passesLuhn } from '../cards/luhn.ts'
import { openSecret } from '../kernel/secret.ts'
import { binForm, numberOf, numbersOf } from './card-number.ts'

const digitsOf = (bin: string, account: number): string => openSecret(numberOf(bin, account), 'check')

test('a number begins with its BIN and ends with the digit that it needs', () => {
  expect(digitsOf('400000', 0)).toBe('4000000000000002')
  expect(digitsOf('400000', 999_999_999)).toBe('4000009999999991')
  expect(digitsOf('411111111', 111_111)).toBe('4111111111111111')
})

test('no two account parts of a BIN make one number, and each number is right', () => {
  const bins = fc.constantFrom('400000', '4000001', '40000012', '400000123')
  fc.assert(
    fc.property(bins, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (bin, part) => {
      const account = Math.floor(part * numbersOf(bin))
      const digits = digitsOf(bin, account)
      expect(digits).toMatch(new RegExp(`^${bin}\\d{${16 - bin.length}}$`))
      expect(passesLuhn(digits)).toBe(true)
      expect(Number(digits.slice(bin.length, -1))).toBe(account)
    }),
  )
})

test('a BIN of nine digits has a million numbers, one of six a thousand times as many', () => {
  expect(numbersOf('400000123')).toBe(1_000_000)
  expect(numbersOf('400000')).toBe(1_000_000_000)
})

test.each(['400000', '4000001', '40000012', '400000123'])('%s is a BIN', (bin) => {
  expect(bin).toMatch(binForm)
})

test.each(['', '40000', '4000001234', '000000', '40000a', ' 400000', '400000\n'])('"%s" is none', (bin) => {
  expect(binForm.test(bin)).toBe(false)
})
