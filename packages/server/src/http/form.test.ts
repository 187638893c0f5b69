import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type FormFields, readForm } from './form.ts'

const refused = { ok: false, error: { type: 'BodyNotReadable' } }

test.each<readonly [string, FormFields]>([
  ['', []],
  ['a=1', [['a', '1']]],
  ['a', [['a', '']]],
  ['a=', [['a', '']]],
  ['=1', [['', '1']]],
  ['a=b=c', [['a', 'b=c']]],
  [
    'a=%26x%3D1&b=+%2B',
    [
      ['a', '&x=1'],
      ['b', ' +'],
    ],
  ],
  [
    'a=1&a=2',
    [
      ['a', '1'],
      ['a', '2'],
    ],
  ],
  ['%24%7Ba%7D=${b}', [['${a}', '${b}']]],
  ['a=%F0%9F%98%80\u00e9', [['a', '😀é']]],
])('%s is read in its order', (text, fields) => {
  expect(readForm(text)).toEqual({ ok: true, value: fields })
})

test.each([
  ['a percent sign alone', 'a=100%'],
  ['an escape that is not complete', 'a=%2'],
  ['an escape that is none', 'a=%zz'],
  ['bytes that are not UTF-8', 'a=%ff'],
  ['a longer form of a character', 'a=%c0%af'],
  ['half of a pair of surrogates', 'a=%ed%a0%80'],
  ['an empty field', 'a=1&&b=2'],
  ['an ampersand at the end', 'a=1&'],
  ['more than a thousand fields', 'a&'.repeat(1_000) + 'a'],
])('%s refuses the form', (_, text) => {
  expect(readForm(text)).toEqual(refused)
})

test('what another program writes is read as it was meant', () => {
  const text = fc.string({ unit: 'grapheme' })
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 8 }), (fields) => {
      expect(readForm(new URLSearchParams(fields).toString())).toEqual({ ok: true, value: fields })
    }),
    { seed: 1, numRuns: 300 },
  )
})
