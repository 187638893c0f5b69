import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { buildElements, outputFolder } from '../packages/elements/build.ts'
import { type Finding, report } from './finding.ts'

/** Builds the elements anew and holds the committed files against it: what is served is what the sources say, byte by byte. */
export const checkElements = async (folder = outputFolder): Promise<readonly Finding[]> => {
  const built = await buildElements()
  const committed = existsSync(folder) ? readdirSync(folder) : []
  const wrongs = [
    ...[...built]
      .filter(
        ([name, text]) => !committed.includes(name) || readFileSync(join(folder, name), 'utf8') !== text,
      )
      .map(([name]) => ({ name, wrong: 'is not what a build makes of the sources' })),
    ...committed.filter((name) => !built.has(name)).map((name) => ({ name, wrong: 'is made by no build' })),
  ]
  return wrongs.map(({ name, wrong }) => ({
    file: relative(join(import.meta.dirname, '..'), join(folder, name)).replaceAll('\\', '/'),
    line: 0,
    wrong,
    instead: 'Run `npm run build:elements` and commit packages/elements/dist.',
  }))
}

if (import.meta.main) report('elements', await checkElements())
