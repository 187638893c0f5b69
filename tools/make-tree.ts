import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeWorkspace } from '../packages/testing/src/workspace.ts'

/** Writes files into a folder of their own and answers its path. */
export const makeTree = (files: Readonly<Record<string, string | Buffer>>): string => {
  const root = makeWorkspace().path
  for (const [file, text] of Object.entries(files)) {
    const path = join(root, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return root
}
