import { testCards } from '@cardkeep/testing/canary/cards'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Secret } from '../kernel/secret.ts'
import { maskPan, spellMask } from './mask.ts'
import type { Pan } from './pan.ts'

const maskOf = (number: string) => maskPan(new Secret(number) as Pan)

test.each([
  [13, testCards.visa13, '422222***2222'],
  [14, testCards.diners, '305693****5904'],
  [15, testCards.amex, '378282*****0005'],
  [16, testCards.visa, '411111******1111'],
  [19, '6205500000000000004', '620550*********0004'],
])('of a number of %i digits the first six and the last four are shown', (length, number, spelled) => {
  const mask = maskOf(number)
  expect(mask).toEqual({ bin: number.slice(0, 6), last4: number.slice(-4), length })
  expect(spellMask(mask)).toBe(spelled)
})

test('a mask has as many characters as the number and never more than ten of its digits', () => {
  const number = fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 13, maxLength: 19 })
  fc.assert(
    fc.property(number, (digits) => {
      const spelled = spellMask(maskOf(digits))
      expect(spelled).toMatch(/^\d{6}\*{3,9}\d{4}$/)
      expect(spelled).toHaveLength(digits.length)
    }),
    { seed: 1 },
  )
})
