import { parse as parseQuery } from 'node:querystring'
import type { Refusal } from '@cardkeep/core/errors'
import type { Result } from '@cardkeep/core/kernel/result'
import { openSecret } from '@cardkeep/core/kernel/secret'
import type { Placeholder, PlaceholderSyntax } from '@cardkeep/core/templates/syntax'
import { parseTemplate, renderTemplate, type TemplateSource } from '@cardkeep/core/templates/template'
import { applyEdits, drawEdits } from '@cardkeep/testing/fuzz/edits'
import { jsonWords } from '@cardkeep/testing/fuzz/json-words'
import { runs } from '@cardkeep/testing/fuzz/runs'
import { drawElement, drawForm, drawJson, type Piece } from '@cardkeep/testing/fuzz/spelt-bodies'
import { readXmlBack } from '@cardkeep/testing/read-xml'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readForm } from '../http/form.ts'
import { toJsonSource } from '../http/json-source.ts'
import { readStrictJson } from '../http/strict-json.ts'
import { readXml } from '../http/xml-source.ts'
import { quoteBarePlaceholders } from './hellgate/bare-placeholders.ts'
import { bareNames, placeholders as ofHellgate } from './hellgate/placeholders.ts'
import { placeholders as ofOzura } from './ozura/placeholders.ts'

/*
 * A template from the text that came to the text that goes, in each format and each dialect's syntax. What is drawn says how
 * a thing is spelled and what it means; another program must read in the rendered body what was meant, with the values in
 * their places and nothing more.
 */

const readJson = (text: string): Result<TemplateSource, Refusal> => {
  const json = readStrictJson(Buffer.from(text), { keepsNumbers: true })
  return json.ok ? { ok: true, value: toJsonSource(json.value) } : json
}
const readBareJson = (text: string): Result<TemplateSource, Refusal> => {
  const quoted = quoteBarePlaceholders(text)
  return quoted.ok ? readJson(quoted.value) : quoted
}
const readFormSource = (text: string): Result<TemplateSource, Refusal> => {
  const form = readForm(text)
  return form.ok ? { ok: true, value: { type: 'form', fields: form.value } } : form
}

/** The body that goes out, or why there is none. */
const renderWith = (
  source: Result<TemplateSource, Refusal>,
  syntax: PlaceholderSyntax,
  write: (placeholder: Placeholder) => string,
): string => {
  if (!source.ok) return source.error.type
  const template = parseTemplate(source.value, syntax)
  return template.ok ? openSecret(renderTemplate(template.value, write), 'render') : template.error.type
}

const hostile = [
  ...['"', '\\', "'", '<', '>', '&', ']]>', '<![CDATA[', '<!--', '-->', '</a>', '&amp;', '&#x3c;', '?>'],
  ...['=', '%', '+', '%26', ';', '#', '{', '}', '$', '|', ':', ',', ' ', 'a', 'é', '😀', '\u2028', '\u0085'],
  ...['"}', '","b":"', '&b=', ' b="'],
]
/** What a holder may be called, and what nobody is. */
const holder = fc.string({ unit: fc.constantFrom(...hostile), minLength: 1, maxLength: 8 })

interface Drawing {
  readonly syntax: PlaceholderSyntax
  readonly piece: fc.Arbitrary<Piece>
}

const draw = (syntax: PlaceholderSyntax, name: string): Drawing => {
  const { open, close, table } = syntax
  const space = fc.constantFrom('', '', ' ', '\t', '  ')
  const named = fc
    .tuple(fc.constantFrom(...Object.entries(table)), space, space)
    .map(([[word, placeholder], before, after]): Piece => {
      const spelled = open + before + word.replace(' | ', `${before}|${after}`) + after + close
      const meant = valueOf(placeholder, name)
      return placeholder.form === 'int' ? { spelled, meant, isNumber: true } : { spelled, meant }
    })
  const plain = fc
    .constantFrom(...hostile.filter((word) => !open.startsWith(word[0] ?? '')))
    .map((word): Piece => ({ spelled: word, meant: word }))
  return { syntax, piece: fc.oneof({ weight: 2, arbitrary: named }, { weight: 3, arbitrary: plain }) }
}

const valueOf = ({ value, form }: Placeholder, name: string): string =>
  form === 'int' || form === 'YY' || form === 'YYYY'
    ? '7'
    : value.includes('name')
      ? name
      : value.includes('number')
        ? '4242'
        : '07'

/** With what may stand in JSON without quotation marks. */
const dialects: Readonly<Record<string, readonly [PlaceholderSyntax, readonly string[], typeof readJson]>> = {
  ozura: [ofOzura, [], readJson],
  hellgate: [ofHellgate, Object.keys(bareNames), readBareJson],
}

describe.each(Object.entries(dialects))('in the syntax of %s', (_, [syntax, bareWords, read]) => {
  const bareNumbers = bareWords.map((word) => `${syntax.open} ${word}${syntax.close}`)
  const drawn = holder.map((name) => ({ name, ...draw(syntax, name) }))
  const writeFor = (name: string) => (placeholder: Placeholder) => valueOf(placeholder, name)

  test('what is drawn as JSON arrives as it was meant', () => {
    fc.assert(
      fc.property(
        drawn.chain(({ name, piece }) =>
          fc.record({ name: fc.constant(name), tree: drawJson(piece, bareNumbers) }),
        ),
        ({ name, tree }) => {
          const body = renderWith(read(tree.spelled), syntax, writeFor(name))
          expect(canonical(body)).toBe(canonical(tree.meant))
        },
      ),
      runs(2_000),
    )
  })

  test('what is drawn as a form arrives as it was meant, and nothing beside it', () => {
    fc.assert(
      fc.property(
        drawn.chain(({ name, piece }) => fc.record({ name: fc.constant(name), form: drawForm(piece) })),
        ({ name, form }) => {
          const body = renderWith(readFormSource(form.spelled), syntax, writeFor(name))
          expect([...new URLSearchParams(`?${body}`)]).toEqual(form.meant)
          expect(
            Object.entries(parseQuery(body)).flatMap(([key, all]) => [all].flat().map((one) => [key, one])),
          ).toHaveLength(form.meant.length)
        },
      ),
      runs(2_000),
    )
  })

  test('what is drawn as XML arrives as it was meant, and nothing beside it', () => {
    fc.assert(
      fc.property(
        drawn.chain(({ name, piece }) => fc.record({ name: fc.constant(name), element: drawElement(piece) })),
        ({ name, element }) => {
          const body = renderWith(readXml(element.spelled), syntax, writeFor(name))
          expect(readXmlBack(body)).toEqual({ root: element.meant })
        },
      ),
      runs(2_000),
    )
  })

  test('a text of any pieces is rendered whole, or refused as the syntax says', () => {
    const { open, close, table } = syntax
    const words = [
      open,
      close,
      open[0] ?? '',
      ...Object.keys(table).slice(0, 3),
      'x',
      ' ',
      '|',
      '\n',
      'constructor',
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 9 }), (pieces) => {
        const text = pieces.join('')
        const body = renderWith({ ok: true, value: { type: 'text', text } }, syntax, () => 'V')
        expect(body).toBe(referenceOf(text, syntax))
      }),
      runs(5_000),
    )
  })
})

/** The same by another way: what a regular expression finds. */
const referenceOf = (text: string, { open, close, table }: PlaceholderSyntax): string => {
  const unknown: string[] = []
  const [from, to] = [open, close].map((mark) => mark.replaceAll(/[${}]/g, '\\$&'))
  const replaced = text.replaceAll(
    new RegExp(`${from}([^]*?)(${to}|$)`, 'g'),
    (_, name: string, end: string) => {
      const bare = name.replaceAll(/\s*\|\s*/g, ' | ').trim()
      if (end === '' || !Object.hasOwn(table, bare)) unknown.push(bare)
      return isAlone(text, open, close) && table[bare]?.form === 'int' ? '\0' : 'V'
    },
  )
  if (unknown.length > 0) return 'UnknownPlaceholder'
  return replaced === '\0' ? 'V' : JSON.stringify(replaced.replaceAll('\0', 'V'))
}

const isAlone = (text: string, open: string, close: string): boolean =>
  text.startsWith(open) && text.indexOf(close) === text.length - close.length

/** JSON with its numbers as they are spelled, for comparing. */
const canonical = (json: string): string =>
  JSON.stringify(
    JSON.parse(json, (_key, value: unknown, context?: { readonly source?: string }) =>
      typeof value === 'number' ? `number ${context?.source}` : value,
    ),
  )

/** Nobody means anything by it. */
const bare: PlaceholderSyntax = { open: '\u{10fffd}', close: '\u{10fffd}', table: {} }

const edited = (samples: readonly string[], words: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...samples), drawEdits(words, 6))
    .map(([sample, edits]) => applyEdits(Buffer.from(sample), edits).toString())

describe('what is no template goes on as another program reads it, or is refused:', () => {
  test('JSON that was edited', () => {
    const samples = [
      '{"a":{"b":[1,2.50,"x\\n\\u00e9\\ud83d\\ude00"],"c":null},"d":"\\"","e":-1e-7,"f":[{},[],[[""]]]}',
      '[{"amount":10.00,"currency":"EUR"},{"amount":-0}]',
    ]
    fc.assert(
      fc.property(edited(samples, jsonWords), (text) => {
        const body = renderWith(readJson(text), bare, () => 'never')
        if (body !== 'BodyNotReadable') expect(canonical(body)).toBe(canonical(text))
        // Braces that are no placeholder are no JSON, and what is JSON stays as it is.
        const quoted = quoteBarePlaceholders(text)
        if (body !== 'BodyNotReadable') expect(quoted).toEqual({ ok: true, value: text })
      }),
      runs(6_000),
    )
  })

  test('a form that was edited', () => {
    const samples = ['a=1&b[]=%26x%3d1&b[]=+%2b&c&=d&%F0%9F%98%80=%c3%a9', 'amount=10.00&currency=EUR']
    fc.assert(
      fc.property(
        edited(samples, ['&', '=', '%', '+', '%00', '%ff', '%c3', '%ed%a0%80', ';', '\0']),
        (text) => {
          const body = renderWith(readFormSource(text), bare, () => 'never')
          if (body !== 'BodyNotReadable')
            expect([...new URLSearchParams(`?${body}`)]).toEqual([...new URLSearchParams(`?${text}`)])
        },
      ),
      runs(6_000),
    )
  })

  test('XML that was edited', () => {
    const samples = [
      `<?xml version="1.0"?><a b="1 &amp; 2" c='"'>x&#x3c;<![CDATA[&y]]><!-- z --><e/><n:f xmlns:n="u">t</n:f></a>`,
      '<sale id="1"><note><![CDATA[to]]></note>\r\n<amount>1</amount><?p q?></sale>\n',
    ]
    const words = [
      ...[
        '<',
        '>',
        '/>',
        '</a>',
        '<a>',
        '&',
        '&lt;',
        '&#',
        '&#x0;',
        '&#xd;',
        ';',
        '"',
        "'",
        '=',
        '<![CDATA[',
      ],
      ...[
        ']]>',
        '<!--',
        '-->',
        '<?',
        '?>',
        '<!DOCTYPE a [',
        '<!ENTITY x "y">',
        '&x;',
        ' b="',
        '\0',
        '\r',
        '\u0085',
      ],
    ]
    fc.assert(
      fc.property(edited(samples, words), (text) => {
        const source = readXml(text)
        const body = renderWith(source, bare, () => 'never')
        if (!source.ok || body === 'UnknownPlaceholder') return
        expect(joined(readXml(body))).toEqual(joined(source))
      }),
      runs(6_000),
    )
  })
})

/** The pieces of a document; what stands side by side in one text is one, however it was written. */
const joined = (source: ReturnType<typeof readXml>): unknown => {
  if (!source.ok) return source
  const pieces: { type: string; text: string }[] = []
  for (const { type, text } of source.value.pieces) {
    const last = pieces.at(-1)
    const kind = type === 'cdata' ? 'text' : type
    if (kind === 'text' && last?.type === 'text') last.text += text
    else if (kind !== 'text' || text !== '') pieces.push({ type: kind, text })
  }
  return pieces
}
