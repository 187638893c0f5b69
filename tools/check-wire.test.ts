import { describe, expect, test } from 'vitest'
import { checkWire } from './check-wire.ts'

/** `file:line wrong` of each finding. */
const check = (files: Readonly<Record<string, string>>): readonly string[] =>
  checkWire(new Map(Object.entries(files))).map(({ file, line, wrong }) => `${file}:${line} ${wrong}`)

const decode = 'packages/server/src/dialects/acme/decode.ts'
const page = (facts: string) =>
  `# Acme\n\nA guess is **inferred**.\n\n## Proxy\n\n${facts}\n\n### Form and XML\n\n## Sign-on\n\n[decode]: ../../${decode}\n`
const told = { 'docs/wire/acme.md': page('- It is a POST: inferred ([decode]).') }

describe('a fact and its code that name each other are no finding', () => {
  test.each([
    ['in one line', '// wire: acme §proxy, inferred'],
    ['in a block', '/**\n * Reads a body, whose method is\n * inferred. wire: acme\n * §proxy\n */'],
    ['beside another heading', '// wire: acme §sign-on, verified; §proxy: inferred'],
    ['beside another page', '// wire: other §token, verified; acme §proxy, inferred'],
  ])('%s', (_, comment) => {
    const other = { 'docs/wire/other.md': '# Other\n\n## Token\n' }
    expect(check({ ...told, ...other, [decode]: `${comment}\nconst a = 1\n` })).toEqual([])
  })

  test('where the code cites the heading above that of the fact', () => {
    const nested = page('').replace('### Form and XML\n', '### Form and XML\n\nInferred ([decode]).\n')
    expect(check({ 'docs/wire/acme.md': nested, [decode]: '// wire: acme §proxy, inferred\n' })).toEqual([])
  })
})

describe('a fact that is inferred is found', () => {
  const wrongOf = (facts: string, code = '') => check({ 'docs/wire/acme.md': page(facts), [decode]: code })

  test.each([
    ['in a list', '- It is a POST: inferred.'],
    ['in a table', '| a | b |\n|---|---|\n| POST | Inferred |'],
    ['that links to another page alone', 'Inferred ([0001](../decisions/0001-a.md)).'],
    ['whose file stands in code', 'Inferred `[decode]`.'],
  ])('%s, if it names no file', (_, facts) => {
    expect(wrongOf(facts)).toEqual([
      expect.stringMatching(/^docs\/wire\/acme\.md:[79] tells of something inferred, and not where/),
    ])
  })

  test.each([
    ['nothing', ''],
    ['its heading as verified', '// wire: acme §proxy, verified\n'],
    ['another heading', '// wire: acme §sign-on, inferred\n'],
    ['a heading below that of the fact', '// wire: acme §form and xml, inferred\n'],
  ])('if the file cites %s', (_, code) => {
    expect(wrongOf('Inferred ([decode]).', code)).toContain(
      `docs/wire/acme.md:7 names ${decode}, which cites no inferred fact of this section`,
    )
  })

  test('if a name has no path', () => {
    expect(wrongOf('Inferred ([wire]).')).toEqual([
      'docs/wire/acme.md:7 names wire, which cites no inferred fact of this section',
    ])
  })
})

describe('code is found', () => {
  test.each([
    ['a heading that is not there', '// wire: acme §9', 'wire: acme §9'],
    ['the beginning of a longer word', '// wire: acme §proxying', 'wire: acme §proxying'],
    ['a page that is not there', '// wire: other §proxy', 'wire: other §proxy'],
    ['no heading', '// wire: acme, verified', 'wire: acme, verified'],
  ])('that cites %s', (_, comment, text) => {
    const files = [
      decode,
      'packages/core/src/a.test.ts',
      'scenarios/support/a.ts',
      'packages/server/src/a.sql',
    ]
    for (const file of files) {
      const found = check({
        'docs/wire/acme.md': page(''),
        [file]: `\n${comment.replace('//', file.endsWith('sql') ? '--' : '//')}\n`,
      })
      expect(found).toEqual([`${file}:2 cites what no page has: ${text}`])
    }
  })

  const unnamed =
    'says that something is inferred, and no inferred fact of a section that it cites names this file'

  test.each([
    ['without a heading', '// inferred: a guess'],
    ['under a heading that tells of nothing inferred', '// wire: acme §sign-on, inferred'],
    ['under a heading whose fact names another file', '// wire: acme §proxy, inferred'],
  ])('that guesses %s', (_, comment) => {
    const file = 'packages/core/src/a.ts'
    expect(check({ ...told, [decode]: '// wire: acme §proxy, inferred\n', [file]: `${comment}\n` })).toEqual([
      `${file}:1 ${unnamed}`,
    ])
  })

  test('nowhere in a test, which holds what others have decided', () => {
    expect(
      check({ 'packages/core/src/a.test.ts': '// inferred\n', 'scenarios/a.test.ts': '// inferred\n' }),
    ).toEqual([])
  })
})
