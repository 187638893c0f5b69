import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { makeWorkspace, runFolderVariable } from '../workspace.ts'
import { testCards } from './cards.ts'
import { setup } from './global-setup.ts'

afterEach(() => vi.unstubAllEnvs())

/** A run of its own inside this one: the folder it makes, and what ends it. */
const begin = () => {
  // `setup` sets the variable for a whole process; a stub takes it back.
  vi.stubEnv(runFolderVariable, '')
  vi.stubEnv('CARDKEEP_KEEP_TEST_FOLDER', '')
  const teardown = setup()
  return { teardown, folder: process.env[runFolderVariable] ?? '' }
}

test('workspaces stand in the folder that is searched after the run', () => {
  const folder = process.env[runFolderVariable]
  expect(folder).toMatch(/cardkeep-test-/)
  expect(makeWorkspace().path.startsWith(join(folder ?? '', 'w-'))).toBe(true)
})

test('a run that wrote no card number ends well', () => {
  const { teardown } = begin()
  writeFileSync(join(makeWorkspace().path, 'a'), 'token and nothing else')
  expect(teardown).not.toThrow()
})

test('a run that wrote a card number fails, and tells the file and the card but not the number', () => {
  const { teardown, folder } = begin()
  const { path } = makeWorkspace()
  writeFileSync(join(path, 'a.log'), `card ${testCards.mastercard}`)
  const file = join(path.slice(folder.length + 1), 'a.log')
  expect(teardown).toThrow(`${file}: mastercard, plain`)
  expect(teardown).not.toThrow(testCards.mastercard)
})
