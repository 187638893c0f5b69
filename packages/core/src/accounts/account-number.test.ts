import { expect, test } from 'vitest'
import { openSecret, Secret } from '../kernel/secret.ts'
import { parseAccountNumber } from './account-number.ts'

const numberIn = (text: string): string | undefined => {
  const number = parseAccountNumber(new Secret(text))
  return number.ok ? openSecret(number.value, 'check') : undefined
}

test.each(['1234', '0000', '000123456789', '12345678901234567'])(
  '%s is an account number as it stands',
  (text) => {
    expect(numberIn(text)).toBe(text)
  },
)

test.each([
  '',
  '123',
  '123456789012345678',
  '12 34',
  '12-34',
  '1234\n',
  '1234\0',
  '12a4',
  '\u0661\u0662\u0663\u0664',
  '１２３４',
])('"%s" is no account number', (text) => {
  expect(parseAccountNumber(new Secret(text))).toEqual({ ok: false, error: { type: 'InvalidAccountNumber' } })
})
