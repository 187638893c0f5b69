import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openSecret } from '../kernel/secret.ts'
import type { PlaceholderSyntax } from './syntax.ts'
import { parseTemplate, renderTemplate } from './template.ts'

const syntax: PlaceholderSyntax = {
  open: '${',
  close: '}',
  table: { name: { value: 'last name', form: 'given' }, month: { value: 'expiry month', form: 'int' } },
}

type Fields = readonly (readonly [string, string])[]

const parse = (fields: Fields) => parseTemplate({ type: 'form', fields }, syntax)

const render = (fields: Fields, value = 'value'): string => {
  const template = parse(fields)
  if (!template.ok) throw new Error(template.error.placeholder)
  return openSecret(
    renderTemplate(template.value, () => value),
    'render',
  )
}

/** What another program makes of it. */
const readBack = (body: string): Fields => [...new URLSearchParams(body)]

test('a form is written in its order, with names that come several times', () => {
  expect(
    render([
      ['b', '1'],
      ['a[]', '${name}'],
      ['a[]', 'x ${name} y'],
      ['', ''],
    ]),
  ).toBe('b=1&a%5B%5D=value&a%5B%5D=x+value+y&=')
})

test('a form is written byte by byte as the URL standard writes it', () => {
  const text = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code)).join('')
  expect(render([[text, '${name}']], text)).toBe(new URLSearchParams([[text, text]]).toString())
})

test('a number has no quotation marks to leave out', () => {
  expect(render([['a', '${month}']], '3')).toBe('a=3')
})

describe('a value stays one field, whatever it holds', () => {
  test.each(['a&b=c', 'a=b', '%26x=1', '+', ' ', '100%', '\r\n', '\0', ';x=1', '😀 é', '&#0;', '${name}'])(
    '%j',
    (value) => {
      const body = render(
        [
          ['before', '1'],
          ['name', '<${name}>'],
          ['after', '2'],
        ],
        value,
      )
      expect(readBack(body)).toEqual([
        ['before', '1'],
        ['name', `<${value}>`],
        ['after', '2'],
      ])
    },
  )

  test('or anything else', () => {
    const hostile = fc.string({
      unit: fc.oneof(
        fc.constantFrom('&', '=', '%', '+', ';', '#', '"', '\n', '\0', '2', '6'),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
      ),
    })
    fc.assert(
      fc.property(hostile, hostile, (value, around) => {
        const plain = around.replaceAll('$', '')
        const body = render([['a', `${plain}\${name}${plain}`]], value)
        expect(readBack(body)).toEqual([['a', plain + value + plain]])
      }),
      { seed: 1, numRuns: 1_000 },
    )
  })
})

test.each([
  ['an unknown placeholder', [['a', '${iban}']], '${iban}'],
  ['one that is not closed', [['a', '${name']], '${name'],
  ['one in the name of a field', [['x${name}', 'a']], 'x${name}'],
] as const)('%s refuses the template', (_, fields, placeholder) => {
  expect(parse(fields)).toEqual({ ok: false, error: { type: 'UnknownPlaceholder', placeholder } })
})
