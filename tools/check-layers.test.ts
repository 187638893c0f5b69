import { describe, expect, test } from 'vitest'
import { checkLayers } from './check-layers.ts'
import { makeTree } from './make-tree.ts'

const server = 'packages/server/src'

/** `file:line wrong` of each finding. */
const check = (files: Readonly<Record<string, string>>): readonly string[] =>
  checkLayers(makeTree(files)).map(({ file, line, wrong }) => `${file}:${line} ${wrong}`)

describe('an arrow against the table is found at its line', () => {
  test.each([
    [
      'core uses server',
      'packages/core/src/a.ts',
      '@cardkeep/server/config',
      'core uses config (@cardkeep/server/config)',
    ],
    ['core uses Node', 'packages/core/src/a.ts', 'node:crypto', 'core uses node:crypto'],
    ['core uses a package', 'packages/core/src/a.ts', 'typebox', 'core uses typebox'],
    [
      "what runs on a stranger's page uses what holds cards",
      'packages/elements/src/host/a.ts',
      '../frame/b.ts',
      'elements host uses elements frame (../frame/b.ts)',
    ],
    [
      "what runs on a stranger's page uses the rules of cards",
      'packages/elements/src/host/a.ts',
      '@cardkeep/core/cards/pan',
      'elements host uses core (@cardkeep/core/cards/pan)',
    ],
    [
      "the frame uses what runs on a stranger's page",
      'packages/elements/src/frame/a.ts',
      '../host/b.ts',
      'elements frame uses elements host (../host/b.ts)',
    ],
    [
      'a dialect uses another',
      `${server}/dialects/ozura/a.ts`,
      '../hellgate/b.ts',
      'dialects uses dialects (../hellgate/b.ts)',
    ],
    [
      'a dialect uses storage',
      `${server}/dialects/ozura/a.ts`,
      '../../storage/b.ts',
      'dialects uses storage (../../storage/b.ts)',
    ],
    [
      'storage uses http',
      `${server}/storage/sqlite/a.ts`,
      '../../http/b.ts',
      'storage uses http (../../http/b.ts)',
    ],
    ['storage uses keys', `${server}/storage/a.ts`, '../keys/b.ts', 'storage uses keys (../keys/b.ts)'],
    [
      'keys use ephemeral',
      `${server}/keys/a.ts`,
      '../ephemeral/b.ts',
      'keys uses ephemeral (../ephemeral/b.ts)',
    ],
    [
      'egress uses compose',
      `${server}/egress/a.ts`,
      '../compose/b.ts',
      'egress uses compose (../compose/b.ts)',
    ],
    [
      'http uses a dialect',
      `${server}/http/a.ts`,
      '../dialects/ozura/b.ts',
      'http uses dialects (../dialects/ozura/b.ts)',
    ],
    [
      'anyone uses the command line',
      `${server}/compose/a.ts`,
      '../cli/b.ts',
      'compose uses cli (../cli/b.ts)',
    ],
    [
      'what ships uses test code',
      `${server}/cli/a.ts`,
      '@cardkeep/testing/clock',
      'cli uses testing (@cardkeep/testing/clock)',
    ],
    [
      'what ships uses a tool',
      `${server}/cli/a.ts`,
      '../../../../tools/b.ts',
      'uses ../../../../tools/b.ts, which belongs to no layer',
    ],
  ])('%s', (_, file, specifier, wrong) => {
    expect(check({ [file]: `// a first line\nimport { b } from '${specifier}'\n` })).toEqual([
      `${file}:2 ${wrong}`,
    ])
    expect(check({ [file]: `type B = import('${specifier}').B\n` })).toEqual([`${file}:1 ${wrong}`])
  })
})

describe('an arrow inwards is no finding', () => {
  test.each([
    ['a dialect uses its own files', `${server}/dialects/ozura/a.ts`, './b.ts'],
    ['a dialect uses http', `${server}/dialects/ozura/a.ts`, '../../http/route.ts'],
    ['the table of credentials uses a dialect', `${server}/dialects/credentials.ts`, './ozura/auth.ts'],
    ['compose uses storage', `${server}/compose/a.ts`, '../storage/sqlite/store.ts'],
    ['ephemeral uses keys, as its row gives a reason for', `${server}/ephemeral/a.ts`, '../keys/b.ts'],
    ['everyone uses core', `${server}/keys/a.ts`, '@cardkeep/core/ports'],
    ['server uses a module of Node without a seat', `${server}/keys/a.ts`, 'node:crypto'],
    ['a file reads its own version', `${server}/cli/a.ts`, '../../package.json'],
    ['test code uses anything', 'packages/testing/src/a.ts', '@cardkeep/server/compose/serve-vault'],
    ['a test uses anything', `${server}/keys/a.test.ts`, '../http/b.ts'],
  ])('%s', (_, file, specifier) => expect(check({ [file]: `import { b } from '${specifier}'` })).toEqual([]))
})

describe('a module with a seat is used only there', () => {
  const only = `${server}/storage/sqlite/database.ts`
  test.each([
    ['node:sqlite', `${server}/storage/sqlite/store.ts`, only],
    ['undici', `${server}/http/a.ts`, `${server}/egress/a.ts`],
    ['node:net', `${server}/keys/a.ts`, `${server}/egress/a.ts`],
    ['net', `${server}/keys/a.ts`, `${server}/egress/a.ts`],
    ['node:dns/promises', `${server}/jobs/a.ts`, `${server}/egress/a.ts`],
    ['node:tls', `${server}/keys/a.ts`, `${server}/http/a.ts`],
    ['node:https', `${server}/egress/a.ts`, `${server}/http/a.ts`],
    ['fastify', `${server}/dialects/ozura/a.ts`, `${server}/http/a.ts`],
    ['pino', `${server}/http/a.ts`, `${server}/log/log.ts`],
  ])('%s', (module, elsewhere, seat) => {
    const source = `import { b } from '${module}'`
    expect(check({ [elsewhere]: source })).toEqual([`${elsewhere}:1 uses ${module}`])
    expect(check({ [seat]: source })).toEqual([])
  })

  test('a package that the table does not know is found', () => {
    const file = `${server}/http/a.ts`
    expect(check({ [file]: `import a from '@scope/left-pad/b'` })).toEqual([
      `${file}:1 uses @scope/left-pad, a package without a seat`,
    ])
  })

  test('a name that only computes may be taken from node:net, alone or not', () => {
    const file = `${server}/config.ts`
    expect(check({ [file]: `import { isIP } from 'node:net'` })).toEqual([])
    expect(check({ [file]: `import { connect, isIP } from 'node:net'` })).toEqual([`${file}:1 uses node:net`])
    expect(check({ [file]: `import * as net from 'node:net'` })).toEqual([`${file}:1 uses node:net`])
  })
})

describe('a global that few may reach for is found elsewhere', () => {
  test.each([
    [`process.env['A']`, 'reads the environment', `${server}/config.ts`],
    ['process?.env.A', 'reads the environment', `${server}/config.ts`],
    ['const { env } = process', 'reads the environment', `${server}/config.ts`],
    [`console.error('a')`, 'prints', `${server}/cli/a.ts`],
    [`process.stdout.write('a')`, 'prints', 'packages/server/bin/a.js'],
    ['process.exit(1)', 'ends the process', `${server}/cli/a.ts`],
    ['Date.now()', 'reads the time by itself', `${server}/clock.ts`],
    [`await fetch('a')`, 'opens a connection with a global of the platform', `${server}/egress/a.ts`],
    [`globalThis.fetch('a')`, 'opens a connection with a global of the platform', `${server}/egress/a.ts`],
  ])('%s', (source, wrong, seat) => {
    const file = `${server}/keys/a.ts`
    expect(check({ [file]: `\n${source}\n` })).toEqual([`${file}:2 ${wrong}`])
    expect(check({ [seat]: source })).toEqual([])
  })

  test.each([
    [`require('a')`, 'loads a module past the imports'],
    [`process.getBuiltinModule('net')`, 'loads a module past the imports'],
    ['Math.random()', 'draws chance that can be guessed'],
  ])('%s is found everywhere', (source, wrong) => {
    const file = `${server}/cli/a.ts`
    expect(check({ [file]: source })).toEqual([`${file}:1 ${wrong}`])
  })

  test('core takes the time from a clock, and may still take a date apart', () => {
    const file = 'packages/core/src/a.ts'
    const wrong = 'reads the time by itself'
    expect(check({ [file]: `Date.now()\nnew Date()` })).toEqual([`${file}:1 ${wrong}`, `${file}:2 ${wrong}`])
    expect(check({ [file]: 'new Date(at).getUTCMonth() + Date.UTC(2026, 0)' })).toEqual([])
  })

  test('words in comments, strings and names of methods are not code', () => {
    const source = `// process.env\nconst a = 'console.log'\nb.fetch(a)\nprefetch(a)`
    expect(check({ [`${server}/keys/a.ts`]: source })).toEqual([])
  })
})

test('a computed name is found', () => {
  const file = `${server}/cli/a.ts`
  expect(check({ [file]: 'await import(name)' })).toEqual([
    `${file}:1 imports by a computed name, which cannot be checked`,
  ])
})

test('the one file of a layer that loads from an address may compute it, and no other', () => {
  const folder = 'packages/elements/src/encrypt-card'
  const [loader, other] = [`${folder}/library-beside.ts`, `${folder}/other.ts`]
  const source = 'await import(url)'
  expect(check({ [loader]: source, [other]: source })).toEqual([
    `${other}:1 imports by a computed name, which cannot be checked`,
  ])
})

test('a file that no row of the table holds is found', () => {
  expect(check({ [`${server}/helpers/a.ts`]: '' })).toEqual([`${server}/helpers/a.ts:0 belongs to no layer`])
})

test('each finding says where the code belongs', () => {
  const root = makeTree({ [`${server}/storage/a.ts`]: `import { b } from '../keys/b.ts'` })
  expect(checkLayers(root).map(({ instead }) => instead)).toEqual([
    expect.stringContaining('Ask for `CardCipher` of packages/core/src/ports.ts'),
  ])
})

test('what .gitignore excludes is not read', () => {
  const source = `import 'undici'`
  const files = { 'packages/core/src/a/b.ts': source, 'packages/core/src/c.ts': source, '.gitignore': 'a/\n' }
  expect(check(files)).toEqual(['packages/core/src/c.ts:1 core uses undici'])
})
