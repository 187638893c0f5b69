import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { describe, expect, test } from 'vitest'
import { readComponent, readComponents } from './cvk-file.ts'
import { CommandFailure } from './failure.ts'

const [a, b, c] = ['0123456789ABCDEF', 'fedcba9876543210', '1111111111111111']

const write = (content: unknown): string => {
  const file = join(makeWorkspace().path, 'cvk.json')
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}
const reveal = (component: ReturnType<typeof readComponent>) => [
  openSecret(component.a, 'check'),
  openSecret(component.b, 'check'),
]

/** What the command says, which must not be a word of the file. */
const failureOf = (read: () => unknown): string => {
  try {
    read()
  } catch (error) {
    if (error instanceof CommandFailure) return error.message
    throw error
  }
  throw new Error('a test expected a failure')
}

describe('a file of components', () => {
  test('gives the parts of both keys in pairs', () => {
    const file = write({ cvk_a_components: [a, c], cvk_b_components: [b, a] })
    expect(readComponents(file).map(reveal)).toEqual([
      [a, b],
      [c, a],
    ])
  })

  test.each<[string, unknown]>([
    ['with more of one key than of the other', { cvk_a_components: [a, c], cvk_b_components: [b] }],
    ['without any', { cvk_a_components: [], cvk_b_components: [] }],
    ['with one key only', { cvk_a_components: [a] }],
    ['with too few digits', { cvk_a_components: [a.slice(1)], cvk_b_components: [b] }],
    ['with too many digits', { cvk_a_components: [a + a], cvk_b_components: [b] }],
    ['with another letter', { cvk_a_components: [`${a.slice(1)}G`], cvk_b_components: [b] }],
    ['with a number', { cvk_a_components: [1_111_111_111_111_111], cvk_b_components: [b] }],
    ['with ten', { cvk_a_components: Array(10).fill(a), cvk_b_components: Array(10).fill(b) }],
    ['that is a list', [a, b]],
    ['that is nothing', 'null'],
    ['that is no JSON', `cvk_a=${a}`],
    ['that is too long', `${' '.repeat(5_000)}{"cvk_a_components":["${a}"],"cvk_b_components":["${b}"]}`],
  ])('%s is refused, and nothing of it is repeated', (_, content) => {
    const file = write(content)
    for (const read of [readComponents, readComponent]) {
      const said = failureOf(() => read(file))
      for (const part of [a, b, c]) expect(said).not.toContain(part.slice(0, 4))
    }
  })

  test('that is not there is refused', () => {
    expect(failureOf(() => readComponents('/nowhere/cvk.json'))).toBe('--cvk: its file cannot be read')
  })
})

describe('what a custodian brings', () => {
  test.each<[string, unknown]>([
    ['in a form of its own', { cvk_a_component: a, cvk_b_component: b }],
    ['as a list of one', { cvk_a_components: [a], cvk_b_components: [b] }],
  ])('is read %s', (_, content) => {
    expect(reveal(readComponent(write(content)))).toEqual([a, b])
  })

  test('is one component: two are refused, of either key', () => {
    for (const content of [
      { cvk_a_components: [a, c], cvk_b_components: [b, c] },
      { cvk_a_components: [a, c], cvk_b_components: [b] },
      { cvk_a_components: [a], cvk_b_components: [b, c] },
    ])
      expect(failureOf(() => readComponent(write(content)))).toContain('one component, and no more')
  })
})
