import { expect, test } from 'vitest'
import { Secret } from '../kernel/secret.ts'
import type { AccountNumber } from './account.ts'
import { maskAccount, spellAccountMask } from './mask.ts'

test.each([
  ['1234', '**34'],
  ['12345', '***45'],
  ['123456', '***456'],
  ['1234567', '****567'],
  ['12345678', '****5678'],
  ['12345678901234567', '*************4567'],
])('of %s at most the last four digits are shown and never more than half', (number, spelled) => {
  const mask = maskAccount(new Secret(number) as AccountNumber)
  expect(mask.length).toBe(number.length)
  expect(spellAccountMask(mask)).toBe(spelled)
})
