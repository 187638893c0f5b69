import { testCards } from '@cardkeep/testing/canary/cards'
import { expect, test } from 'vitest'
import { spellBack } from './spell-back.ts'

const inDigitsFrom = (zero: number): string =>
  testCards.visa.replaceAll(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)))

test.each([
  ['a card number', testCards.visa, '[card number]'],
  ['one with dots', '4111.1111.1111.1111', '****.****.****.****'],
  ['one that is cut off', testCards.visa.slice(0, -1), '*'.repeat(15)],
  ['one in full-width digits', inDigitsFrom(0xff10), '*'.repeat(16)],
  ['one in digits of another script, spaced', `a ${inDigitsFrom(0x0660)} b`, `a ${'*'.repeat(16)} b`],
  ['one in digits of which each is two units', inDigitsFrom(0x1d7ce), '*'.repeat(16)],
  ['as many digits as a mask shows', 'n1234567890', 'n1234567890'],
  ['a name', 'address2', 'address2'],
])('%s is told back as it may be', (_, text, told) => {
  expect(spellBack(text)).toBe(told)
})
