import { expect, test } from 'vitest'
import { formatCode, judgeCode } from './code.ts'

test('a code is cut to the length that its scheme prints', () => {
  expect(formatCode('12 34 5', 'visa')).toBe('123')
  expect(formatCode('12345', 'amex')).toBe('1234')
  expect(formatCode('12345', 'unknown')).toBe('1234')
  expect(formatCode('١٢٣', 'visa')).toBe('123')
})

test.each([
  ['', 'visa', 'empty'],
  ['12', 'visa', 'incomplete'],
  ['123', 'visa', undefined],
  ['007', 'visa', undefined],
  ['1234', 'visa', 'invalid'],
  ['123', 'amex', 'incomplete'],
  ['1234', 'amex', undefined],
  ['123', 'unknown', undefined],
  ['1234', 'unknown', undefined],
] as const)('"%s" on a card of %s is %s', (text, scheme, error) => {
  expect(judgeCode(text, scheme)).toBe(error)
})
