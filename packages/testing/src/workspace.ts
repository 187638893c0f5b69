import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** All folders of one test run stand under one, which the end of the run searches for canaries and removes. */
export const runFolderVariable = 'CARDKEEP_TEST_RUN_FOLDER'

export interface Workspace {
  readonly path: string
}

/** An empty folder of its own. Do not remove it: what a test leaves is searched after the run. */
export const makeWorkspace = (): Workspace => {
  const run = process.env[runFolderVariable] ?? join(tmpdir(), 'cardkeep-test')
  mkdirSync(run, { recursive: true })
  return { path: mkdtempSync(join(run, 'w-')) }
}
