import { expect, test } from 'vitest'
import { openSecret, Secret } from '../kernel/secret.ts'
import { parseCode } from './code.ts'
import { codeLengths, type Scheme } from './scheme.ts'

const codes = ['12', '123', '1234', '12345']
const schemes = Object.keys(codeLengths) as Scheme[]

test.each(schemes)('a code of %s has as many digits as its scheme prints', (scheme) => {
  const accepted = codes.filter((code) => parseCode(new Secret(code), scheme).ok)
  expect(accepted).toEqual(codes.filter((code) => codeLengths[scheme].includes(code.length)))
})

test('a code keeps its leading zeros', () => {
  const code = parseCode(new Secret('007'), 'visa')
  expect(code.ok && openSecret(code.value, 'check')).toBe('007')
})

test.each(['', '12a', ' 123', '12 ', '1.2', '-12', '123\n', '12\0', '\u0661\u0662\u0663', '１２３'])(
  '"%s" is no code',
  (text) => {
    expect(parseCode(new Secret(text), 'visa')).toEqual({ ok: false, error: { type: 'InvalidCode' } })
  },
)
