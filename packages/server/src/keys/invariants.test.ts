import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const read = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8')

test('every test that INVARIANTS.md names as a guard is there', () => {
  const rows = read('INVARIANTS.md')
    .split('\n')
    .filter((line) => line.startsWith('| '))
  const named = rows.flatMap((row) =>
    [...row.matchAll(/(?<!\*)\*([^*]+)\*(?!\*)/g)].map(([, title]) => title ?? ''),
  )
  const tests = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && name !== 'invariants.test.ts')
    .map(read)
    .join('\n')
  expect(named.length).toBeGreaterThan(30)
  expect(named.filter((title) => !tests.includes(`'${title}'`))).toEqual([])
})
