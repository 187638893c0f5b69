import type { Finding } from './finding.ts'
import {
  type Citation,
  type Comment,
  folder,
  isInferred,
  type Page,
  type PageGuess,
  readCitations,
  readComments,
  readPage,
} from './wire-facts.ts'

/*
 * What is known of a vendor's API stands in docs/wire/, fact by fact, and the code that rests on a fact cites its heading:
 * `wire: ozura §proxy, inferred`. A fact that is inferred is a guess, and names the files that made it, so that whoever
 * learns better finds all that hangs on it: each guess and its code name each other.
 */

/** Every citation leads to a heading, every inferred fact to code that cites it as inferred, and all such code stands with a fact. */
export const checkWire = (texts: ReadonlyMap<string, string>): readonly Finding[] => {
  const pages = new Map(
    [...texts]
      .filter(([file]) => file.startsWith(folder) && file.endsWith('.md'))
      .map(([file, text]) => readPage(file, text))
      .map((page) => [page.name, page] as const),
  )
  const comments = [...texts]
    .filter(([file]) => isCode(file))
    .flatMap(([file, text]) => readComments(file, text))
    .map((comment) => ({ ...comment, cited: readCitations(comment, pages) }))
  const guesses = comments.filter(({ file, says }) => decides(file) && isInferred(says))
  return [
    ...comments.flatMap(checkHeadings),
    ...[...pages.values()].flatMap((page) =>
      page.guesses.flatMap((guess) => checkFact(page, guess, guesses)),
    ),
    ...guesses.flatMap((guess) => checkGuess(guess, pages)),
  ]
}

interface CitingComment extends Comment {
  readonly cited: readonly Citation[]
}

const isCode = (file: string): boolean =>
  /^(?:packages|scenarios|bench|e2e)\/.*\.(?:[cm]?[jt]s|sql)$/.test(file) && !file.includes('/dist/')

/** Tests hold what others have decided. */
const decides = (file: string): boolean =>
  file.startsWith('packages/') && !file.startsWith('packages/testing/') && !file.endsWith('.test.ts')

const checkHeadings = ({ file, line, cited }: CitingComment): readonly Finding[] =>
  cited
    .filter(({ heading }) => heading === undefined)
    .map(({ text }) => ({
      file,
      line,
      wrong: `cites what no page has: ${text}`,
      instead: `Cite a heading of ${folder} in its own words: \`wire: name §heading\`.`,
    }))

const checkFact = (
  { name, file }: Page,
  { line, under, code }: PageGuess,
  guesses: readonly CitingComment[],
): readonly Finding[] => {
  if (code.length === 0)
    return [
      {
        file,
        line,
        wrong: 'tells of something inferred, and not where the code decides it',
        instead: 'Name the file, `[decode]`, and give its path at the end of the page.',
      },
    ]
  const isCited = (path: string) =>
    guesses.some((guess) => guess.file === path && guess.cited.some((cited) => isOf(cited, name, under)))
  return code
    .filter((path) => !isCited(path))
    .map((path) => ({
      file,
      line,
      wrong: `names ${path}, which cites no inferred fact of this section`,
      instead: `Write \`wire: ${name} §${under.at(-1) ?? ''}, inferred\` where the code decides it, or name the file that does.`,
    }))
}

const isOf = ({ page, heading }: Citation, name: string, under: readonly string[]): boolean =>
  page === name && heading !== undefined && under.includes(heading)

const checkGuess = (
  { file, line, cited }: CitingComment,
  pages: ReadonlyMap<string, Page>,
): readonly Finding[] => {
  const isTold = (citation: Citation) =>
    pages
      .get(citation.page)
      ?.guesses.some(({ under, code }) => isOf(citation, citation.page, under) && code.includes(file))
  if (cited.some(isTold)) return []
  return [
    {
      file,
      line,
      wrong:
        'says that something is inferred, and no inferred fact of a section that it cites names this file',
      instead: `Cite the heading of ${folder} under which the fact stands, and name this file there.`,
    },
  ]
}
