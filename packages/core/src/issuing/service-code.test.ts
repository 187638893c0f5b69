import { expect, test } from 'vitest'
import { openSecret } from '../kernel/secret.ts'
import { asServiceCode, drawableServiceCodes, isSameServiceCode, parseServiceCode } from './service-code.ts'

const codeIn = (text: string): string | undefined => {
  const code = parseServiceCode(text)
  return code && openSecret(code, 'check')
}

test.each(['001', '101', '201', '998'])('%s may be named', (text) => {
  expect(codeIn(text)).toBe(text)
})

test.each(['000', '999', '', '1', '12', '1234', '12a', ' 12', '12\n', '１２３', '-12', '1.2'])(
  '"%s" may not be named',
  (text) => {
    expect(codeIn(text)).toBeUndefined()
  },
)

test('every code is drawn but the reserved ones and those of real tracks, each once', () => {
  const drawable = drawableServiceCodes.map((code) => openSecret(code, 'check'))
  const never = ['000', '101', '120', '121', '201', '220', '221', '601', '999']
  expect(new Set(drawable).size).toBe(1_000 - never.length)
  expect(drawable).toHaveLength(1_000 - never.length)
  for (const code of never) expect(drawable).not.toContain(code)
  for (const code of drawable) expect(code).toMatch(/^\d{3}$/)
})

test('a code is not printed', () => {
  expect(String(asServiceCode('123'))).toBe('[secret]')
  expect(JSON.stringify(asServiceCode('123'))).toBe('"[secret]"')
})

test('codes are compared by their digits', () => {
  expect(isSameServiceCode(asServiceCode('123'), asServiceCode('123'))).toBe(true)
  expect(isSameServiceCode(asServiceCode('123'), asServiceCode('124'))).toBe(false)
})
