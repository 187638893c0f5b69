import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkDecisions } from './check-decisions.ts'
import { checkLinks } from './check-links.ts'
import { checkLockfile } from './check-lockfile.ts'
import { checkWire } from './check-wire.ts'
import { listFiles } from './files.ts'
import { type Finding, lineAt, report } from './finding.ts'
import { type Exception, exceptions, foreign, type Phrase, phrases } from './texts.ts'

/**
 * Holds every text of the repository against the list of phrases, its links, its lockfile, the form of decision records, and
 * the facts of vendors' APIs.
 */
export const checkTexts = (root: string, allowed: readonly Exception[] = exceptions): readonly Finding[] => {
  const texts = readTexts(root)
  const found = [...texts].flatMap(([file, text]) => findPhrases(file, text))
  const isAllowed = (file: string) => allowed.some((exception) => exception.file === file)
  return [
    ...found.filter(({ file }) => !isAllowed(file)),
    ...allowed.filter(({ file }) => !found.some((finding) => finding.file === file)).map(notNeeded),
    ...checkLinks(texts),
    ...checkLockfile(texts),
    ...checkDecisions(texts),
    ...checkWire(texts),
  ]
}

/** Every file that is text, by its path. */
const readTexts = (root: string): ReadonlyMap<string, string> => {
  const texts = listFiles(root).map((file) => [file, readFileSync(join(root, file), 'utf8')] as const)
  return new Map(texts.filter(([, text]) => !text.includes('\0')))
}

const findPhrases = (file: string, text: string): readonly Finding[] =>
  phrases
    .filter((phrase) => concerns(phrase, file))
    .flatMap(({ form, wrong, instead }) =>
      [...text.matchAll(form)].map((match) => ({
        file,
        line: lineAt(text, match.index),
        wrong: `${wrong}: ${match[0]}`,
        instead,
      })),
    )

const concerns = ({ files }: Phrase, file: string): boolean =>
  files ? files.test(file) : !foreign.test(file)

const notNeeded = ({ file }: Exception): Finding => ({
  file,
  line: 0,
  wrong: 'has an exception in tools/texts.ts that it does not need',
  instead: 'Remove the exception.',
})

if (import.meta.main) report('texts', checkTexts(join(import.meta.dirname, '..')))
