import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkCompose } from './deploy/compose.ts'
import { checkDockerfile } from './deploy/dockerfile.ts'
import { checkFields } from './deploy/fields.ts'
import { checkManifests } from './deploy/manifests.ts'
import { listFiles } from './files.ts'
import { type Finding, report } from './finding.ts'

/** What the checks look at, by path from the root. */
export type Texts = ReadonlyMap<string, string>

/** The files of a deployment that people copy, held against their formats, against each other and against the program. */
export const checkDeploy = (texts: Texts): readonly Finding[] => [
  ...checkDockerfile(texts),
  ...checkCompose(texts),
  ...checkManifests(texts),
]

/** Everything but what is large and no concern of these checks. */
export const readTexts = (root: string): Texts =>
  new Map(
    listFiles(root)
      .filter((file) => !/\.(?:gz|png|woff2?)$|package-lock/.test(file))
      .map((file) => [file, readFileSync(join(root, file), 'utf8')]),
  )

if (import.meta.main) {
  const texts = readTexts(join(import.meta.dirname, '..'))
  report('deploy', [...checkDeploy(texts), ...checkFields(texts)])
}
