import { testCards } from '@cardkeep/testing/canary/cards'
import { expect, test } from 'vitest'
import { holdsCheckedDigits, holdsManyDigits } from './texts.ts'

const number = testCards.visa

/** With a sign between each two of its digits. */
const parted = (by: string): string => number.replaceAll(/\B/g, by)

/** Its digits as signs that begin at a zero. */
const inScript = (zero: number): string =>
  number.replaceAll(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)))

/** Its digits as signs of which the zeros stand apart from one to nine. */
const inSigns = (one: number, zero: number): string =>
  number.replaceAll(/\d/g, (digit) => String.fromCodePoint(digit === '0' ? zero : one + Number(digit) - 1))

const spellings: readonly (readonly [string, string])[] = [
  ['as it is', number],
  ['with dots', parted('.')],
  ['with underscores', parted('_')],
  ['with plus signs', parted('+')],
  ['with what nobody sees', parted('\u200d')],
  ['with accents', parted('\u0301')],
  ['in full width', inScript(0xff10)],
  ['in Arabic digits', inScript(0x0660)],
  ['in digits of Devanagari', inScript(0x0966)],
  ['in the last of five mathematical styles', inScript(0x1d7f6)],
  ['in circles', inSigns(0x2460, 0x24ea)],
  ['in two circles', inSigns(0x24f5, 0x24ff)],
  ['in black circles', inSigns(0x2776, 0x24ff)],
  ['in circles without serifs', inSigns(0x2780, 0x1f10b)],
  ['in black circles without serifs', inSigns(0x278a, 0x1f10c)],
  ['raised', number.replaceAll(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(Number(digit)))],
  ['half of it behind the at', `${number.slice(0, 8)}@${number.slice(8)}`],
  ['behind another digit', `7${number}`],
  ['before others', `${number}00`],
]

test.each(spellings)('a card number is seen %s', (_how, text) => {
  expect([holdsCheckedDigits(`${text}@example.com`), holdsManyDigits(text)]).toEqual([true, true])
})

test.each([
  'john@example.com',
  'jane.1984+shop2@example.com',
  // No thirteen digits or more of it pass the check.
  '4222222222223@example.com',
  // Twelve digits.
  '411111111116@example.com',
  // Letters part numbers.
  `${number.slice(0, 8)}a${number.slice(8)}@example.com`,
  // A time in milliseconds, which passes the check.
  '1767225600008@example.com',
])('%s holds no card number', (text) => {
  expect(holdsCheckedDigits(text)).toBe(false)
})

test.each(['Flat 12345678901', '№ 5, Ⅳ', 'Jürgen ½'])('%s holds few digits', (text) => {
  expect(holdsManyDigits(text)).toBe(false)
})
