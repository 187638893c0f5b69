import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { expect, test } from 'vitest'
import { outputFolder } from '../packages/elements/build.ts'
import { checkElements } from './check-elements.ts'

test('the committed elements are what a build makes of the sources', async () => {
  expect(await checkElements()).toEqual([])
})

test('a file that was changed, one that is missing and one too many are found', async () => {
  const folder = makeWorkspace().path
  cpSync(outputFolder, folder, { recursive: true })
  writeFileSync(join(folder, 'frame.js'), 'alert()')
  rmSync(join(folder, 'sri.json'))
  writeFileSync(join(folder, 'old.js'), '')
  const found = await checkElements(folder)
  expect(found.map(({ file, wrong }) => [file.split('/').at(-1), wrong])).toEqual([
    ['frame.js', 'is not what a build makes of the sources'],
    ['sri.json', 'is not what a build makes of the sources'],
    ['old.js', 'is made by no build'],
  ])
})
