import { describe, expect, test } from 'vitest'
import { blank, findImports } from './source.ts'

describe('blanking keeps code where it stands and hides everything else', () => {
  test.each([
    ['a line comment', 'a // b\nc', 'a     \nc'],
    ['a block comment over lines', 'a /* b\n */ c', 'a     \n    c'],
    ['a string with an escaped quote', String.raw`a('it\'s') b`, String.raw`a('     ') b`],
    ['a comment sign inside a string', `a('//') b`, `a('  ') b`],
    ['a quote inside a comment', `a /* it's */ b('x')`, `a            b(' ')`],
    ['a template', 'a(`b c`) d', 'a(`   `) d'],
    ['code inside a template', 'a(`b ${c} d`) e', 'a(`  ${c}  `) e'],
    ['a template inside a template', 'a(`b ${c(`d ${e} f`)} g`) h', 'a(`  ${c(`  ${e}  `)}  `) h'],
    ['braces inside the code of a template', 'a(`${{ b: {} }} c`) d', 'a(`${{ b: {} }}  `) d'],
    ['an escaped dollar sign', 'a(`\\${b} c`) d', 'a(`       `) d'],
    ['a regular expression with a quote', `a = /'/g; b('c')`, `a = /  g; b(' ')`],
    ['a slash inside a class', `a = /[/']/; b('c')`, `a = /    /; b(' ')`],
    ['a division', `a / b / c('d')`, `a / b / c(' ')`],
    ['a division after a call', `a() / b('c') / d`, `a() / b(' ') / d`],
  ])('%s', (_, source, expected) => expect(blank(source)).toBe(expected))

  test('a source that is cut off inside a template ends', () => {
    expect(blank('a(`b ${c')).toBe('a(`  ${c')
    expect(blank('a(`b')).toBe('a(` ')
  })
})

const specifiers = (source: string) => findImports(source).map(({ specifier }) => specifier)

describe('every way to reach another module is found', () => {
  test.each([
    ['a named import', `import { a } from 'x'`],
    ['a default import', `import a from 'x'`],
    ['a namespace', `import * as a from 'x'`],
    ['a type', `import type { A } from 'x'`],
    ['a list over lines', `import {\n  a,\n  type B,\n} from 'x'`],
    ['a re-export', `export { a } from 'x'`],
    ['a re-export of all', `export * from 'x'`],
    ['an effect', `import 'x'`],
    ['a dynamic import', `const a = await import('x')`],
    ['a dynamic import over lines', `await import(\n  'x'\n)`],
    ['a type by import', `type A = import('x').A`],
    ['double quotes', `import { a } from "x"`],
    ['one after a declaration without semicolons', `export interface A { b: number }\nimport { a } from 'x'`],
  ])('%s', (_, source) => expect(specifiers(source)).toEqual(['x']))

  test.each([
    ['a comment', `// import { a } from 'x'`],
    ['a string', `const a = "import { a } from 'x'"`],
    ['a template', "const a = `\nimport { a } from 'x'\n`"],
    ['a method of that name', `vault.import('x')`],
    ['the module itself', `import.meta.dirname`],
    ['a property of that name', `export const a = { from: 'x' }`],
  ])('%s is none', (_, source) => expect(specifiers(source)).toEqual([]))

  test('a computed name is found without a specifier', () => {
    expect(specifiers('await import(name)')).toEqual([undefined])
    expect(specifiers('await import(`./${name}.ts`)')).toEqual([undefined])
  })

  test('lines and names are those of the source', () => {
    expect(findImports(`// 'first'\nimport { type A, b as c } from 'x'\n\nimport d from 'y'`)).toEqual([
      { specifier: 'x', names: ['A', 'b'], line: 2 },
      { specifier: 'y', names: undefined, line: 4 },
    ])
  })
})
