import { readXmlBack } from '@cardkeep/testing/read-xml'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openSecret } from '../kernel/secret.ts'
import type { PlaceholderSyntax } from './syntax.ts'
import { parseTemplate, renderTemplate } from './template.ts'
import type { XmlPiece } from './xml.ts'

const syntax: PlaceholderSyntax = {
  open: '${',
  close: '}',
  table: { name: { value: 'last name', form: 'given' } },
}

const piece = (type: XmlPiece['type'], text: string): XmlPiece => ({ type, text })

const parse = (pieces: readonly XmlPiece[]) => parseTemplate({ type: 'xml', pieces }, syntax)

const render = (pieces: readonly XmlPiece[], value: string): string => {
  const template = parse(pieces)
  if (!template.ok) throw new Error(template.error.placeholder)
  return openSecret(
    renderTemplate(template.value, () => value),
    'render',
  )
}

/** A document with the value in each place where one can stand, and something before and behind it. */
const document = (around: string): readonly XmlPiece[] => [
  piece('tag', '<a b="'),
  piece('attribute', `${around}\${name}${around}`),
  piece('tag', '"><t>'),
  piece('text', `${around}\${name}${around}`),
  piece('tag', '</t><c>'),
  piece('cdata', `${around}\${name}${around}`),
  piece('tag', '</c><last>1</last></a>'),
]

/** What another program makes of the document with the value in it. */
const readBack = (value: string, around: string): unknown => readXmlBack(render(document(around), value))

const whole = (text: string): unknown => ({
  a: { '@b': text, t: { '#text': text }, c: { '#text': text }, last: { '#text': '1' } },
})

describe('a value stays what it is, wherever it stands', () => {
  test.each([
    '</a><b>',
    ']]>',
    ']]]]>>',
    '"',
    "'",
    '" x="1',
    '&',
    '&amp;',
    '&lt;b&gt;',
    '&#0;',
    '&#x3c;b/&#x3e;',
    '&xxe;',
    '<![CDATA[x]]>',
    '<!-- x -->',
    '<?php x ?>',
    '%26x=1',
    '+',
    'O’Brien 李 😀',
  ])('%s', (value) => {
    expect(readBack(value, '')).toEqual(whole(value))
    expect(readBack(value, 'x ')).toEqual(whole(`x ${value}x `))
  })

  test('or anything that XML can carry', () => {
    const hostile = fc.string({
      unit: fc.constantFrom(
        '<',
        '>',
        '&',
        '"',
        "'",
        ']',
        '[',
        '!',
        '-',
        '?',
        '/',
        ';',
        '#',
        '=',
        'a',
        'é',
        '😀',
      ),
      minLength: 1,
    })
    fc.assert(
      fc.property(hostile, hostile, (value, around) => {
        expect(readBack(value, around)).toEqual(whole(around + value + around))
      }),
      { seed: 1, numRuns: 1_000 },
    )
  })
})

test('what ends a CDATA section is split, also where the template writes the half of it', () => {
  expect(render([piece('cdata', ']${name}')], ']>')).toBe('<![CDATA[]]]]><![CDATA[>]]>')
  expect(render([piece('cdata', '${name}>')], ']]')).toBe('<![CDATA[]]]]><![CDATA[>]]>')
})

test('white space that a reader of XML would change is written as a reference', () => {
  const value = 'a\r\n\tb'
  expect(render([piece('text', '${name}')], value)).toBe('a&#13;\n\tb')
  expect(render([piece('attribute', '${name}')], value)).toBe('a&#13;&#10;&#9;b')
  expect(render([piece('cdata', '${name}')], value)).toBe('<![CDATA[a]]>&#13;<![CDATA[\n\tb]]>')
})

test('text of the template is escaped again as it was decoded', () => {
  const pieces = [piece('tag', '<a>'), piece('text', '1 < 2 & ${name}'), piece('tag', '</a>')]
  expect(render(pieces, '>')).toBe('<a>1 &lt; 2 &amp; &gt;</a>')
})

test.each([
  ['an unknown one', [piece('text', '${iban}')], '${iban}'],
  ['one in an attribute', [piece('attribute', '${iban}')], '${iban}'],
  ['one that is not closed', [piece('cdata', '${name')], '${name'],
  ['one in a comment', [piece('aside', '<!--${name}-->')], '<!--${name}-->'],
  ['one in a tag', [piece('tag', '<${name}>')], '<${name}>'],
  [
    'one that begins in text and goes on in a CDATA section',
    [piece('text', '$'), piece('cdata', '{name}')],
    '${',
  ],
  [
    'one that a comment cuts in two',
    [piece('text', 'a$'), piece('aside', '<!-- x -->'), piece('text', '{name}')],
    '${',
  ],
  [
    'one that is cut by an empty section',
    [piece('text', 'a$'), piece('cdata', ''), piece('text', '{name}')],
    '${',
  ],
])('%s refuses the template', (_, pieces, placeholder) => {
  expect(parse(pieces)).toEqual({ ok: false, error: { type: 'UnknownPlaceholder', placeholder } })
})

test('a dollar sign before a tag does not begin a placeholder behind it', () => {
  const pieces = [piece('text', 'US$'), piece('tag', '</a><b>'), piece('text', '{x}')]
  expect(render(pieces, '')).toBe('US$</a><b>{x}')
})
