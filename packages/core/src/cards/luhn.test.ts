import { loadCard, testCards } from '@cardkeep/testing/canary/cards'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { passesLuhn } from './luhn.ts'

const digits = fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 12, maxLength: 18 })

test.each(Object.entries(testCards))('%s has a valid check digit', (_, number) => {
  expect(passesLuhn(number)).toBe(true)
})

test('of the ten digits that can end a number exactly one passes', () => {
  fc.assert(
    fc.property(digits, (body) => {
      const passing = '0123456789'.split('').filter((digit) => passesLuhn(body + digit))
      expect(passing).toHaveLength(1)
    }),
    { seed: 1 },
  )
})

test('one wrong digit anywhere never passes', () => {
  fc.assert(
    fc.property(fc.nat(99_999_999), fc.nat(15), fc.integer({ min: 1, max: 9 }), (index, at, by) => {
      const number = loadCard(index)
      const wrong = number.slice(0, at) + ((Number(number[at]) + by) % 10) + number.slice(at + 1)
      expect(passesLuhn(wrong)).toBe(false)
    }),
    { seed: 2 },
  )
})

test('two neighbours that changed places pass only if they are 0 and 9', () => {
  fc.assert(
    fc.property(fc.nat(99_999_999), fc.nat(14), (index, at) => {
      const number = loadCard(index)
      const [a = '', b = ''] = [number[at], number[at + 1]]
      const swapped = number.slice(0, at) + b + a + number.slice(at + 2)
      expect(passesLuhn(swapped)).toBe(a === b || a + b === '09' || a + b === '90')
    }),
    { seed: 3 },
  )
})
