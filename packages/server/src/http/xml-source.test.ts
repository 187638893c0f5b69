import { openSecret } from '@cardkeep/core/kernel/secret'
import type { PlaceholderSyntax } from '@cardkeep/core/templates/syntax'
import { parseTemplate, renderTemplate } from '@cardkeep/core/templates/template'
import { readXmlBack } from '@cardkeep/testing/read-xml'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readXml } from './xml-source.ts'

const syntax: PlaceholderSyntax = {
  open: '${',
  close: '}',
  table: { name: { value: 'last name', form: 'given' } },
}

const render = (text: string, value: string): string => {
  const source = readXml(text)
  if (!source.ok) throw new Error('not readable')
  const template = parseTemplate(source.value, syntax)
  if (!template.ok) throw new Error(template.error.placeholder)
  return openSecret(
    renderTemplate(template.value, () => value),
    'render',
  )
}

const refused = { ok: false, error: { type: 'BodyNotReadable' } }

test('a document is cut into its markup and what stands in it, decoded', () => {
  const text = `<?xml version="1.0" encoding="utf-8"?>\n<a:b xmlns:a='u'  c="1 &amp; 2" d='"'>x&#x3c;<![CDATA[&y]]><!-- z --><e/></a:b>\n`
  expect(readXml(text)).toEqual({
    ok: true,
    value: {
      type: 'xml',
      pieces: [
        { type: 'aside', text: '<?xml version="1.0" encoding="UTF-8"?>' },
        { type: 'text', text: '\n' },
        { type: 'tag', text: '<a:b xmlns:a="' },
        { type: 'attribute', text: 'u' },
        { type: 'tag', text: '" c="' },
        { type: 'attribute', text: '1 & 2' },
        { type: 'tag', text: '" d="' },
        { type: 'attribute', text: '"' },
        { type: 'tag', text: '">' },
        { type: 'text', text: 'x<' },
        { type: 'cdata', text: '&y' },
        { type: 'aside', text: '<!-- z -->' },
        { type: 'tag', text: '<e/>' },
        { type: 'tag', text: '</a:b>' },
        { type: 'text', text: '\n' },
      ],
    },
  })
})

test('what is written says the same as what came', () => {
  const text = `\ufeff<?xml version='1.0' standalone='yes'?><?p  q ?><a b = '&quot;&#10;' __proto__="x"><c></c> 1 &gt; 0 <![CDATA[]]]]><![CDATA[>]]></a>`
  expect(render(text, '')).toBe(
    `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><?p q ?><a b="&quot;&#10;" __proto__="x"><c></c> 1 &gt; 0 <![CDATA[]]]]><![CDATA[>]]></a>`,
  )
})

test('an alias that is written with references is found', () => {
  expect(render('<a>&#36;{name}</a>', 'v')).toBe('<a>v</a>')
  expect(render('<a b="&#x24;&#x7b;name}"/>', 'v')).toBe('<a b="v"/>')
})

describe('a document is refused', () => {
  test.each([
    ['that is empty', ''],
    ['that is none', 'a'],
    ['without an end', '<a>'],
    ['with another end', '<a></b>'],
    ['with two roots', '<a/><b/>'],
    ['with text behind its root', '<a/>x'],
    ['with an attribute twice', '<a b="1" b="2"/>'],
    ['with an attribute without quotation marks', '<a b=1/>'],
    ['with a bare ampersand', '<a>&</a>'],
    ['with an entity of HTML', '<a>&nbsp;</a>'],
    ['with an entity that every object has', '<a>&constructor;</a>'],
    ['with a NUL', '<a>&#0;</a>'],
    ['with a control character', '<a>\u0001</a>'],
    ['with half of a pair of surrogates', '<a>&#xd800;</a>'],
    ['with the end of a CDATA section in its text', '<a>]]></a>'],
    ['with a document type', '<!DOCTYPE a><a/>'],
    ['that declares an entity', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ['that fetches one', '<!DOCTYPE a SYSTEM "https://elsewhere.example/x"><a/>'],
    ['with a placeholder as its tag', '<${name}/>'],
    ['with a placeholder as an attribute', '<a ${name}="1"/>'],
    ['of version 1.1', '<?xml version="1.1"?><a/>'],
    ['in another encoding', '<?xml version="1.0" encoding="UTF-16"?><a/>'],
    ['with its declaration further down', '<a><?xml version="1.0"?></a>'],
    ['that is nested too deep', '<a>'.repeat(65) + '</a>'.repeat(65)],
    ['with too many pieces', `<a>${'<b/>'.repeat(20_000)}</a>`],
  ])('%s', (_, text) => {
    expect(readXml(text)).toEqual(refused)
  })
})

test.each(['<a><!-- ${name} --></a>', '<a><?p ${name}?></a>', '<a>${x}</a>', '<a>$<!-- -->{name}</a>'])(
  'a placeholder where nobody looks for one, or an unknown one, refuses %s',
  (text) => {
    const source = readXml(text)
    expect(source.ok && parseTemplate(source.value, syntax).ok).toBe(false)
    expect(source.ok).toBe(true)
  },
)

test('whatever the value, a document keeps its structure and the value is whole', () => {
  const text = `<sale id="\${name}"><holder>Mr. \${name}</holder><note><![CDATA[to \${name}]]></note><amount>1</amount></sale>`
  const value = fc.string({
    unit: fc.constantFrom(
      '<',
      '>',
      '&',
      '"',
      "'",
      ']',
      '/',
      'a',
      '!',
      '--',
      '${name}',
      '</holder>',
      ']]>',
      'é',
    ),
    minLength: 1,
  })
  fc.assert(
    fc.property(value, (name) => {
      const body = render(text, name)
      expect(readXml(body).ok).toBe(true)
      expect(readXmlBack(body)).toEqual({
        sale: {
          '@id': name,
          holder: { '#text': `Mr. ${name}` },
          note: { '#text': `to ${name}` },
          amount: { '#text': '1' },
        },
      })
    }),
    { seed: 1, numRuns: 500 },
  )
})
