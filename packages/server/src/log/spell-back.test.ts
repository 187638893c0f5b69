import { testCards } from '@cardkeep/testing/canary/cards'
import { expect, test } from 'vitest'
import { spellBack } from './spell-back.ts'

test.each([
  ['a card number', testCards.visa, '[card number]'],
  ['one with dots', '4111.1111.1111.1111', '****.****.****.****'],
  ['one that is cut off', testCards.visa.slice(0, -1), '*'.repeat(15)],
  ['as many digits as a mask shows', 'n1234567890', 'n1234567890'],
  ['a name', 'address2', 'address2'],
])('%s is told back as it may be', (_, text, told) => {
  expect(spellBack(text)).toBe(told)
})
