import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const read = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8')

/** Captures use keys of their own, whose private halves never touch another folder. */
const listTests = (folder: string): readonly string[] =>
  readdirSync(join(import.meta.dirname, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name))

test('every test that INVARIANTS.md names as a guard is there', () => {
  const rows = read('INVARIANTS.md')
    .split('\n')
    .filter((line) => line.startsWith('| '))
  const named = rows.flatMap((row) =>
    [...row.matchAll(/(?<!\*)\*([^*]+)\*(?!\*)/g)].map(([, title]) => title ?? ''),
  )
  const tests = ['.', '../captures']
    .flatMap((folder) => listTests(folder))
    .filter((name) => name !== 'invariants.test.ts')
    .map(read)
    .join('\n')
  expect(named.length).toBeGreaterThan(30)
  expect(named.filter((title) => !tests.includes(`'${title}'`))).toEqual([])
})
