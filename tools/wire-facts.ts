import { posix } from 'node:path'
import { lineAt } from './finding.ts'

/* Reads the pages of docs/wire/ and the comments that cite them. */

export const folder = 'docs/wire/'

export interface Page {
  readonly name: string
  readonly file: string
  /** In lower case, the longest first. */
  readonly headings: readonly string[]
  /** The lines that hold an inferred fact. */
  readonly guesses: readonly PageGuess[]
}

export interface PageGuess {
  readonly line: number
  /** The heading that it stands under, and those above that one. */
  readonly under: readonly string[]
  /** Files of code that it names, by their path from the root. */
  readonly code: readonly string[]
}

export interface Comment {
  readonly file: string
  readonly line: number
  /** On one line, in lower case. */
  readonly says: string
}

export interface Citation {
  readonly page: string
  /** `undefined` where no page has it. */
  readonly heading: string | undefined
  readonly text: string
}

/** In bold it is the word itself that is spoken of. */
export const isInferred = (text: string): boolean => /(?<!\*\*)\binferred\b(?!\*\*)/i.test(text)

export const readPage = (file: string, text: string): Page => {
  const prose = text.replaceAll(/^```[\s\S]*?^```$|`[^`\n]+`/gm, (code) => code.replaceAll(/[^\n]/g, ' '))
  const targets = new Map(
    [...prose.matchAll(/^\[([^\]]+)\]:\s*(\S+)/gm)].map(([, label = '', to = '']) => [
      label,
      posix.join(posix.dirname(file), to),
    ]),
  )
  const headings: string[] = []
  const guesses: PageGuess[] = []
  let under: readonly string[] = []
  for (const [index, line] of prose.split('\n').entries()) {
    const [, marks, title] = /^(#{2,6})\s+(.+?)\s*$/.exec(line) ?? []
    if (marks !== undefined && title !== undefined) {
      const heading = title.toLowerCase()
      headings.push(heading)
      under = [...under.slice(0, marks.length - 2), heading]
    } else if (isInferred(line)) guesses.push({ line: index + 1, under, code: findNamed(line, targets) })
  }
  const name = posix.basename(file, '.md')
  return { name, file, headings: headings.toSorted((a, b) => b.length - a.length), guesses }
}

/** `[decode]`, whose path stands at the end of the page. One without a path is named as it is, and no code is found by it. */
const findNamed = (line: string, targets: ReadonlyMap<string, string>): readonly string[] =>
  [...line.matchAll(/\[([^\]]+)\](?![(:])/g)].map(([, label = '']) => targets.get(label) ?? label)

/** Blocks, and lines of `//`, or of `--` in SQL, that follow one another. */
export const readComments = (file: string, text: string): readonly Comment[] =>
  [...text.matchAll(/\/\*[\s\S]*?\*\/|(?:^[ \t]*(?:\/\/|--).*\n)+|\/\/.*/gm)].map((match) => ({
    file,
    line: lineAt(text, match.index + match[0].search(/\S/)),
    says: match[0]
      .replaceAll(/\n[ \t]*(?:\*(?!\/)|\/\/|--)?|\s+/g, ' ')
      .replaceAll(/ +/g, ' ')
      .toLowerCase(),
  }))

/** `wire: ozura §proxy, §delete; hellgate §list`: each heading is one of the page that was named last. */
export const readCitations = ({ says }: Comment, pages: ReadonlyMap<string, Page>): readonly Citation[] =>
  [...says.matchAll(/\bwire: (\w+)((?:(?!\bwire: ).)*)/g)].flatMap(([whole, first = '', rest = '']) => {
    const [before = '', ...parts] = rest.split('§')
    if (parts.length === 0) return [{ page: first, heading: undefined, text: whole.trim() }]
    let page = lastNamed(before, pages) ?? first
    return parts.map((part) => {
      const cited = { page, heading: headingOf(pages.get(page), part), text: `wire: ${page} §${part.trim()}` }
      page = lastNamed(part, pages) ?? page
      return cited
    })
  })

const lastNamed = (text: string, pages: ReadonlyMap<string, Page>): string | undefined => {
  const word = /(\w+) $/.exec(text)?.[1]
  return word !== undefined && pages.has(word) ? word : undefined
}

const headingOf = (page: Page | undefined, text: string): string | undefined =>
  page?.headings.find(
    (heading) => text.startsWith(heading) && !/^[\p{L}\p{N}]/u.test(text.slice(heading.length)),
  )
