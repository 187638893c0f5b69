import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runFolderVariable } from '../workspace.ts'
import { testCards } from './cards.ts'
import { scanFolder, spellFindings } from './scan.ts'

/** Keeps the folder of a run, to look at what was found in it. */
const keepVariable = 'CARDKEEP_KEEP_TEST_FOLDER'

/**
 * One folder for all that a test run writes. After the last test it is searched: a card number that any test let reach
 * a disk fails the run. Workers start with a copy of the environment, so the variable is set before the first of them.
 */
export const setup = (): (() => void) => {
  const folder = mkdtempSync(join(tmpdir(), 'cardkeep-test-'))
  process.env[runFolderVariable] = folder
  return () => {
    const findings = scanFolder(folder, testCards)
    if (process.env[keepVariable]) process.stdout.write(`The run's files are kept in ${folder}\n`)
    else rmSync(folder, { recursive: true, force: true })
    if (findings.length > 0) throw new Error(describe(findings))
  }
}

const describe = (findings: Parameters<typeof spellFindings>[0]): string =>
  `Card numbers reached the disk. Set ${keepVariable}=1 to keep the files.\n${spellFindings(findings)}`
