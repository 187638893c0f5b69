import { describe, expect, test } from 'vitest'
import { checkTexts } from './check-texts.ts'
import { makeTree } from './make-tree.ts'

/** `file:line wrong` of each finding. */
const check = (files: Readonly<Record<string, string | Buffer>>): readonly string[] =>
  checkTexts(makeTree(files), []).map(({ file, line, wrong }) => `${file}:${line} ${wrong}`)

describe('a phrase that stands nowhere is found at its line', () => {
  test.each([
    ['a folder of a developer', 'a.md', 'see `/home/me/x`', 'names a folder of one machine: /home/'],
    ['a temporary folder', 'a.ts', `const a = '/tmp/x'`, 'names a folder of one machine: /tmp/'],
    ['a folder as a URL', 'a.ts', `'file:///x'`, 'names a folder of one machine: file:///'],
    ['something unfinished', 'a.ts', '// TODO later', 'leaves something unfinished: TODO'],
    ['one test alone', 'a.test.ts', `test.only('a', b)`, 'switches other tests off, or is none: test.only'],
    ['a test that is none', 'a.test.ts', `it.todo('a')`, 'switches other tests off, or is none: it.todo'],
    [
      'a test switched off',
      'a.test.ts',
      `describe.skip('a', b)`,
      'switches a test off without a reason: describe.skip',
    ],
    [
      'a test switched off by a condition',
      'a.test.ts',
      `test.skipIf(a)('b', c)`,
      'switches a test off without a reason: test.skipIf',
    ],
    [
      'a skip without a reason',
      'a.test.ts',
      'context.skip()',
      'switches a test off without a reason: .skip(',
    ],
    [
      'a word on how it was made',
      'a.md',
      'An AI-generated text',
      'tells how the text was made: AI-generated',
    ],
    [
      'a document that is not here',
      'a.ts',
      '// see shared/a',
      'cites a document that is not part of the repository: shared/',
    ],
    [
      'a registry in .npmrc',
      '.npmrc',
      'registry=https://a.example',
      'pins the host of a registry: registry=',
    ],
  ])('%s', (_, file, text, wrong) =>
    expect(check({ [file]: `first\n${text}\n` })).toEqual([`${file}:2 ${wrong}`]),
  )

  test('a registry in the lockfile', () => {
    const resolved = '"resolved": "https://a.example/b.tgz"'
    expect(check({ 'package-lock.json': `{\n${resolved}\n}` })).toEqual([
      `package-lock.json:2 pins the host of a registry: ${resolved}`,
    ])
  })
})

test.each([
  ['a path of the repository', 'a.md', 'see docs/tmp/x and ./home/y'],
  ['a path of a URL', 'a.md', 'https://a.example/home/x'],
  ['a path of a server', 'a.md', '`/var/lib/cardkeep`'],
  ['a skip with its reason', 'a.test.ts', `context.skip(!found, 'no browser')`],
  ['a linked package in the lockfile', 'package-lock.json', '{ "resolved": "packages/core" }'],
  ['a word inside another', 'a.md', 'skillman, todos, xxxx'],
])('%s is no finding', (_, file, text) => expect(check({ [file]: text })).toEqual([]))

test('a file that is not text is not read', () => {
  expect(check({ 'a.bin': Buffer.from('\0 TODO') })).toEqual([])
})

test('a file with an exception is passed over, and an exception without need is found', () => {
  const root = makeTree({ 'a.md': 'TODO', 'b.md': 'done' })
  const because = 'a test'
  expect(checkTexts(root, [{ file: 'a.md', because }])).toEqual([])
  const both = [
    { file: 'a.md', because },
    { file: 'b.md', because },
  ]
  expect(checkTexts(root, both).map(({ file, wrong }) => `${file} ${wrong}`)).toEqual([
    'b.md has an exception in tools/texts.ts that it does not need',
  ])
})

describe('a link that leads nowhere is found', () => {
  const tree = { 'docs/b.md': '# A `b` title, twice\n\n# A b title twice\n', 'src/c.ts': '' }
  const checkLink = (text: string) => check({ ...tree, 'docs/a.md': text })

  test.each([
    ['a file', '[b](c.md)', 'c.md'],
    ['a file from another folder', '[c](../c.ts)', '../c.ts'],
    ['a heading of another file', '[b](b.md#a-title)', 'b.md#a-title'],
    ['a heading of its own', '# Here\n\n[b](#there)', '#there'],
    ['a link by reference', '[b]\n\n[b]: c.md', 'c.md'],
    ['a picture', '![b](c.png)', 'c.png'],
  ])('%s', (_, text, target) =>
    expect(checkLink(text)).toEqual([
      `docs/a.md:${text.split('\n').length} links to ${target}, which is not there`,
    ]),
  )

  test.each([
    ['a file', '[b](b.md) [c](../src/c.ts)'],
    ['a folder', '[src](../src/) [src](../src)'],
    ['a heading', '[b](b.md#a-b-title-twice)'],
    ['the second heading of a name', '[b](b.md#a-b-title-twice-1)'],
    ['a heading of its own', '# Here\n\n[b](#here)'],
    ['another host', '[b](https://a.example/c.md)'],
    ['a link in code', '`[b](c.md)`\n```\n[b](c.md)\n```'],
  ])('%s that is there is no finding', (_, text) => expect(checkLink(text)).toEqual([]))
})

describe('the lockfile', () => {
  const lock = (packages: object) => ({ 'package-lock.json': JSON.stringify({ packages }, undefined, 2) })
  const needy = { optionalDependencies: { c: '1.0.0' } }

  test('locks what a package may install, wherever it would be found', () => {
    expect(check(lock({ 'node_modules/b': needy, 'node_modules/c': {} }))).toEqual([])
    expect(check(lock({ 'node_modules/b': needy, 'node_modules/b/node_modules/c': {} }))).toEqual([])
    expect(
      check(lock({ 'node_modules/a/node_modules/b': needy, 'node_modules/a/node_modules/c': {} })),
    ).toEqual([])
  })

  test('is found where it leaves out a package of another platform', () => {
    expect(check(lock({ '': {}, 'node_modules/b': needy, 'node_modules/d/node_modules/c': {} }))).toEqual([
      'package-lock.json:4 does not lock c 1.0.0, which node_modules/b may install',
    ])
  })
})

describe('decision records', () => {
  const record = (number: string, title = 'Title') =>
    `# ${number} ${title}\n\n## Context\n\na\n\n## Decision\n\nb\n\n## What would change our mind\n\nc\n`
  const first = { 'docs/decisions/0001-a.md': record('0001') }

  test('in order and in form are no finding', () => {
    const template = { 'docs/decisions/template.md': '# NNNN Title\n' }
    expect(check({ ...first, ...template, 'docs/decisions/0002-b.md': record('0002') })).toEqual([])
  })

  test.each([
    ['a gap', { 'docs/decisions/0003-b.md': record('0003') }, 'docs/decisions/0003-b.md:0'],
    ['a repetition', { 'docs/decisions/0001-b.md': record('0001') }, 'docs/decisions/0001-b.md:0'],
    ['another name', { 'docs/decisions/second.md': record('0002') }, 'docs/decisions/second.md:0'],
  ])('with %s are found', (_, files, place) => {
    expect(check({ ...first, ...files })[0]).toBe(
      `${place} stands where docs/decisions/0002-….md is expected`,
    )
  })

  test.each([
    ['another number in the title', record('0002'), 'does not begin with "# 0001 …"'],
    ['a missing section', record('0001').replace('## Decision', ''), 'has not the sections'],
    ['a further section', `${record('0001')}\n## More\n\nd\n`, 'has not the sections'],
    [
      'sections in another order',
      record('0001').replace('Context', 'Decision').replace('Decision\n\nb', 'Context\n\nb'),
      'has not the sections',
    ],
    ['an empty section', record('0001').replace('\nb\n', '\n'), 'says nothing under ## Decision'],
  ])('with %s are found', (_, text, wrong) => {
    expect(check({ 'docs/decisions/0001-a.md': text })).toEqual([expect.stringContaining(wrong)])
  })
})
