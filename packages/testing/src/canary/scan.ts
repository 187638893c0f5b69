import { relative } from 'node:path'
import { listFolder, readChunks } from './chunks.ts'
import { type Canaries, type Form, findHits, type Hit, longestForm } from './forms.ts'

/** A card number that was written to a disk. It names the canary and never shows the number. */
export interface CanaryFinding extends Hit {
  /** Path in the folder; digits are hidden where the path itself holds the number. */
  readonly file: string
}

/**
 * Every canary, and every number of the load range, in every file below a folder and in the names of its files:
 * plain, with spaces or dashes, reversed, as hexadecimal ASCII, and in base64 at any alignment. What is compressed or
 * encrypted is not seen through. One finding for each file, canary and form.
 */
export const scanFolder = (folder: string, canaries: Canaries): readonly CanaryFinding[] =>
  listFolder(folder).flatMap((path) => {
    const file = relative(folder, path)
    const inName = findHits(file, canaries)
    const name = inName.length > 0 ? file.replace(/\d/g, '*') : file
    return unique([...inName, ...scanFile(path, canaries)]).map((hit) => ({ file: name, ...hit }))
  })

const scanFile = (path: string, canaries: Canaries): readonly Hit[] => {
  const hits: Hit[] = []
  for (const { text } of readChunks(path, longestForm)) hits.push(...findHits(text, canaries))
  return hits
}

const unique = (hits: readonly Hit[]): readonly Hit[] => [
  ...new Map(hits.map((hit) => [`${hit.name} ${hit.form}`, hit])).values(),
]

/** One line for each finding, as the end of a test run prints it. */
export const spellFindings = (findings: readonly CanaryFinding[]): string =>
  findings.map(({ file, name, form }) => `${file}: ${name}, ${spelledForm[form]}`).join('\n')

const spelledForm: Record<Form, string> = {
  plain: 'plain',
  spaced: 'with spaces',
  dashed: 'with dashes',
  reversed: 'reversed',
  hex: 'as hexadecimal ASCII',
  base64: 'in base64',
}
