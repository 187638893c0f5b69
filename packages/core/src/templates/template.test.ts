import { testCards } from '@cardkeep/testing/canary/cards'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Pan } from '../cards/pan.ts'
import { openSecret, Secret } from '../kernel/secret.ts'
import { writeValues } from './instrument-values.ts'
import type { JsonSource } from './json.ts'
import type { PlaceholderSyntax } from './syntax.ts'
import { parseTemplate, renderTemplate } from './template.ts'

const syntax: PlaceholderSyntax = {
  open: '${',
  close: '}',
  table: {
    number: { value: 'card number', form: 'given' },
    month: { value: 'expiry month', form: 'given' },
    'month:int': { value: 'expiry month', form: 'int' },
    year: { value: 'expiry year', form: 'given' },
    'year:YY': { value: 'expiry year', form: 'YY' },
    'year:YYYY': { value: 'expiry year', form: 'YYYY' },
    'year:int': { value: 'expiry year', form: 'int' },
    cvv: { value: 'code', form: 'given' },
  },
}

const card = {
  type: 'card' as const,
  pan: new Secret(testCards.visa) as Pan,
  expiry: { month: 3, year: 2031, yearDigits: 2 as const },
  holder: undefined,
}
const write = writeValues(card, new Secret('123'))

const text = (value: string): JsonSource => ({ type: 'text', text: value })
const literal = (value: string): JsonSource => ({ type: 'literal', text: value })
const object = (entries: Record<string, JsonSource>): JsonSource => ({
  type: 'object',
  entries: Object.entries(entries),
})

const renderWith = (source: JsonSource, writer = write): string => {
  const template = parseTemplate(source, syntax)
  if (!template.ok) throw new Error(`refused: ${template.error.placeholder}`)
  return openSecret(renderTemplate(template.value, writer), 'render')
}

const render = (value: string): unknown => JSON.parse(renderWith(text(value)))

const refusalOf = (source: JsonSource): string | undefined => {
  const template = parseTemplate(source, syntax)
  return template.ok ? undefined : template.error.placeholder
}

const usesOf = (source: JsonSource): readonly string[] => {
  const template = parseTemplate(source, syntax)
  return template.ok ? [...template.value.uses] : []
}

describe('a placeholder is replaced', () => {
  test.each([
    ['alone', '${number}', testCards.visa],
    ['with white space around its name', '${  cvv\t}', '123'],
    ['inside of other text', 'card=${number}&cvv=${cvv};', `card=${testCards.visa}&cvv=123;`],
    ['right behind another', '${month}${year}', '0331'],
    ['twice', '${cvv}-${cvv}', '123-123'],
    ['behind a dollar sign', '$${cvv}$', '$123$'],
    ['in front of a brace', '${cvv}}', '123}'],
  ])('%s', (_, template, expected) => {
    expect(render(template)).toBe(expected)
  })

  test('in nested objects and arrays', () => {
    const source = object({ a: { type: 'array', items: [object({ b: text('${number}') }), text('${cvv}')] } })
    expect(renderWith(source)).toBe(`{"a":[{"b":"${testCards.visa}"},"123"]}`)
  })
})

describe('a value is written in the form that its placeholder names', () => {
  test.each([
    ['${month}', '"03"'],
    ['${month:int}', '3'],
    ['${year}', '"31"'],
    ['${year:YY}', '"31"'],
    ['${year:YYYY}', '"2031"'],
    ['${year:int}', '2031'],
    ['${month:int}/${year:int}', '"3/2031"'],
    [' ${month:int}', '" 3"'],
    ['${cvv}', '"123"'],
  ])('%s becomes %s', (template, written) => {
    expect(renderWith(text(template))).toBe(written)
  })

  test('a year that came with four digits goes with four', () => {
    const later = writeValues({ ...card, expiry: { ...card.expiry, yearDigits: 4 } }, undefined)
    expect(renderWith(text('${year}'), later)).toBe('"2031"')
    expect(renderWith(text('${year:YY}'), later)).toBe('"31"')
  })
})

describe('what is not a placeholder of the table refuses the whole template', () => {
  test.each([
    ['an unknown name', '${iban}', '${iban}'],
    ['an empty name', 'x${}', '${}'],
    ['another case', '${CVV}', '${CVV}'],
    ['an unknown form', '${cvv:int}', '${cvv:int}'],
    ['a form that is not in the table', '${year:YYY}', '${year:YYY}'],
    ['one that is not closed', 'a${cvv', '${cvv'],
    ['an opening at the very end', 'a${', '${'],
    ['one inside of another', '${${cvv}}', '${${cvv}'],
    ['one inside of another, with text', '${x${cvv}', '${x${cvv}'],
    ['an unknown one behind a good one', '${cvv}${x}', '${x}'],
    ['a name that every object has', '${constructor}', '${constructor}'],
    ['the prototype', '${__proto__}', '${__proto__}'],
    ['a line break in the name', '${cv\nv}', '${cv\nv}'],
    ['a character that looks the same', '${\u0441vv}', '${\u0441vv}'],
  ])('%s', (_, template, named) => {
    expect(refusalOf(text(template))).toBe(named)
    expect(refusalOf(object({ deep: { type: 'array', items: [literal('1'), text(template)] } }))).toBe(named)
  })

  test('a placeholder in a key', () => {
    expect(refusalOf(object({ ['a${cvv}']: literal('1') }))).toBe('a${cvv}')
    expect(refusalOf({ type: 'array', items: [object({ x: object({ ['${']: text('') }) })] })).toBe('${')
  })

  test('and no more than 64 characters of it are told', () => {
    expect(refusalOf(text(`\${${'x'.repeat(100)}}`))).toBe(`\${${'x'.repeat(62)}`)
    expect(refusalOf(object({ [`\${${'k'.repeat(100)}`]: text('') }))).toHaveLength(64)
  })
})

test('text that only resembles a placeholder is left as it is', () => {
  for (const value of ['', '$', '{', '}', '$ {cvv}', '{cvv}', '{{cvv}}', '$cvv', '#{cvv}', '%{cvv}'])
    expect(render(value)).toBe(value)
})

test('a template tells which values it needs', () => {
  expect(usesOf(object({ a: text('${number}'), b: text('x${year:YY}${cvv}') }))).toEqual([
    'card number',
    'expiry year',
    'code',
  ])
  expect(usesOf(object({ a: text('number'), b: literal('1') }))).toEqual([])
})

test('a value is asked for only where its placeholder stands', () => {
  const asked: string[] = []
  renderWith(object({ a: text('${cvv}'), b: text('${number}') }), ({ value }) => {
    asked.push(value)
    return 'x'
  })
  expect(asked).toEqual(['code', 'card number'])
})

test('a template that uses the code is not rendered without one', () => {
  expect(() => renderWith(text('${cvv}'), writeValues(card, undefined))).toThrow('rendered without its code')
  expect(renderWith(text('${number}'), writeValues(card, undefined))).toBe(`"${testCards.visa}"`)
})

test('literals keep the digits that they were written with', () => {
  const source = object({
    a: literal('10.00'),
    b: literal('1E2'),
    c: literal('-0'),
    d: literal('12345678901234567890'),
    e: literal('true'),
    f: literal('null'),
  })
  expect(renderWith(source)).toBe('{"a":10.00,"b":1E2,"c":-0,"d":12345678901234567890,"e":true,"f":null}')
})

test('keys keep their order and their spelling, the name of the prototype included', () => {
  const source: JsonSource = {
    type: 'object',
    entries: [
      ['b', literal('1')],
      ['__proto__', literal('2')],
      ['10', literal('3')],
      ['a"\\\n', literal('4')],
    ],
  }
  expect(renderWith(source)).toBe('{"b":1,"__proto__":2,"10":3,"a\\"\\\\\\n":4}')
})

test('a value that would break out of its string is escaped', () => {
  const hostile = '","admin":true,"x":"\\\n\u0000\u2028\ud800'
  const body = renderWith(object({ a: text('<${number}>'), b: text('${cvv}') }), () => hostile)
  expect(JSON.parse(body)).toEqual({ a: `<${hostile}>`, b: hostile })
})

test('a rendered body does not print itself', () => {
  const template = parseTemplate(text('${number}'), syntax)
  expect(template.ok && String(renderTemplate(template.value, write))).toBe('[secret]')
})

/** Any JSON whose strings hold no placeholder, with text that escaping could get wrong. */
const anyText = fc
  .string({
    unit: fc.constantFrom('"', '\\', '\n', '\u0000', '\u2028', '\ud800', '{', '}', '$ ', 'a', 'é', '😀'),
  })
  .filter((value) => !value.includes('${'))
/** Without a backslash at the end: the engine's own `JSON.parse` may take the key `\\"` for a key `\\` that it saw before. */
const anyKey = anyText.filter((value) => !value.endsWith('\\'))
const { tree: anySource } = fc.letrec<{ tree: JsonSource }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    anyText.map(text),
    fc.constantFrom('null', 'true', '0', '10.00', '-1e-7').map(literal),
    fc.array(tie('tree'), { maxLength: 3 }).map((items): JsonSource => ({ type: 'array', items })),
    fc
      .uniqueArray(fc.tuple(anyKey, tie('tree')), { maxLength: 3, selector: ([key]) => key })
      .map((entries): JsonSource => ({ type: 'object', entries })),
  ),
}))

const plain = (source: JsonSource): unknown => {
  switch (source.type) {
    case 'text':
      return source.text
    case 'literal':
      return JSON.parse(source.text)
    case 'array':
      return source.items.map(plain)
    case 'object':
      return Object.fromEntries(source.entries.map(([key, value]) => [key, plain(value)]))
  }
}

test('a template without placeholders renders to the JSON that it was', () => {
  fc.assert(
    fc.property(anySource, (source) => {
      expect(JSON.parse(renderWith(source, () => 'never'))).toEqual(plain(source))
    }),
    { seed: 1, numRuns: 500 },
  )
})

test('a text is rendered with every placeholder replaced or not at all', () => {
  const piece = fc.constantFrom('${cvv}', '${number}', '${', '}', '$', '{', 'cvv', '${x}', ' ', '${ month }')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const template = parseTemplate(text(pieces.join('')), syntax)
      if (!template.ok) return
      const rendered = JSON.parse(
        openSecret(
          renderTemplate(template.value, () => '#'),
          'render',
        ),
      ) as string
      expect(rendered).not.toContain('${')
    }),
    { seed: 2, numRuns: 2_000 },
  )
})
