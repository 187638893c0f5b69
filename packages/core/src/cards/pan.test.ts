import { loadCard, testCards } from '@cardkeep/testing/canary/cards'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openSecret, Secret } from '../kernel/secret.ts'
import { parsePan } from './pan.ts'

const numberIn = (text: string): string | undefined => {
  const pan = parsePan(new Secret(text))
  return pan.ok ? openSecret(pan.value, 'check') : undefined
}

/** A number of so many digits that ends in its check digit. */
const ofLength = (length: number): string =>
  '0123456789'
    .split('')
    .map((digit) => '4'.padEnd(length - 1, '7') + digit)
    .find((text) => isValid(text)) ?? ''

/** The check digit by its definition, slower and written otherwise than the code under test. */
const isValid = (text: string): boolean =>
  text
    .split('')
    .toReversed()
    .map((digit, at) => Number(digit) * (at % 2 === 0 ? 1 : 2))
    .reduce((sum, value) => sum + Math.floor(value / 10) + (value % 10), 0) %
    10 ===
  0

/** Writes a number in the digits of another script, whose zero this is. */
const inScript =
  (zero: number) =>
  (number: string): string =>
    number.replaceAll(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)))

test.each(Object.entries(testCards))('%s is a card number', (_, number) => {
  expect(numberIn(number)).toBe(number)
})

test.each([
  ['spaces in fours', '4111 1111 1111 1111'],
  ['dashes in fours', '4111-1111-1111-1111'],
  ['both, at any place', ' 4-111 11111111111--1 '],
])('%s are taken out', (_, text) => {
  expect(numberIn(text)).toBe(testCards.visa)
})

test.each([13, 14, 15, 16, 17, 18, 19])('%i digits are enough and not too many', (length) => {
  expect(numberIn(ofLength(length))).toHaveLength(length)
})

test.each([1, 12, 20, 30])('%i digits are none', (length) => {
  expect(numberIn(ofLength(length))).toBeUndefined()
})

test.each([
  ['nothing', ''],
  ['only separators', ' - - '],
  ['another check digit', '4111111111111112'],
  ['a letter', '411111111111111l'],
  ['digits of another script', inScript(0x660)(testCards.visa)],
  ['full-width digits', inScript(0xff10)(testCards.visa)],
  ['one digit of another script', `\u0664${testCards.visa.slice(1)}`],
  ['a NUL behind it', `${testCards.visa}\0`],
  ['a NUL inside', '41111111\x0011111111'],
  ['a line break behind it', `${testCards.visa}\n`],
  ['a tab inside', '4111\t111111111111'],
  ['a no-break space inside', '4111\u00a0111111111111'],
  ['a dash of typographers', '4111\u2013111111111111'],
  ['dots', '4111.1111.1111.1111'],
  ['a sign', `+${testCards.visa}`],
  ['a fraction', `${testCards.visa}.0`],
  ['two numbers', `${testCards.visa13}\n${testCards.visa13}`],
])('%s is refused', (_, text) => {
  expect(numberIn(text)).toBeUndefined()
})

// The arithmetic of a check digit gives some sum for any characters, and one in ten would pass it.
test.each<readonly [string, (number: string) => string]>([
  ['a line break behind it', (number) => `${number}\n`],
  ['a line break before it', (number) => `\n${number}`],
  ['a line behind it', (number) => `${number}\n0`],
  ['a NUL behind it', (number) => `${number}\0`],
  ['a digit of another script at its end', (number) => number.slice(0, -1) + String.fromCodePoint(0x0660)],
  ['only digits of another script', inScript(0xff10)],
])('of a hundred numbers none is accepted with %s', (_, change) => {
  const numbers = Array.from({ length: 100 }, (__, index) => loadCard(index))
  expect(numbers.filter((number) => numberIn(number) === undefined)).toEqual([])
  expect(numbers.filter((number) => numberIn(change(number)) !== undefined)).toEqual([])
})

test('a refusal repeats nothing of what was given', () => {
  expect(parsePan(new Secret('4111111111111112'))).toEqual({
    ok: false,
    error: { type: 'InvalidCardNumber' },
  })
})

test('whatever is accepted has 13 to 19 ASCII digits with their check digit', () => {
  const text = fc.string({
    unit: fc.constantFrom(...'0123456789'.split(''), ' ', '-', '\u0661', '\0'),
    maxLength: 24,
  })
  fc.assert(
    fc.property(text, (given) => {
      const number = numberIn(given)
      const bare = given.replaceAll(/[ -]/g, '')
      const expected = /^[0-9]{13,19}$/.test(bare) && isValid(bare) ? bare : undefined
      expect(number).toBe(expected)
    }),
    { seed: 1, numRuns: 2_000 },
  )
})
