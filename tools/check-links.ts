import { posix } from 'node:path'
import { type Finding, lineAt } from './finding.ts'

/** Every link of a Markdown file to another file of the repository, or to a heading, leads somewhere. */
export const checkLinks = (texts: ReadonlyMap<string, string>): readonly Finding[] => {
  const paths = new Set([...texts.keys()].flatMap(withFolders))
  return [...texts]
    .filter(([file]) => file.endsWith('.md'))
    .flatMap(([file, text]) =>
      linksIn(text)
        .filter(({ target }) => !/^[a-z]+:/i.test(target) && !leads(file, target, texts, paths))
        .map(({ target, line }) => ({
          file,
          line,
          wrong: `links to ${target}, which is not there`,
          instead:
            'Link to a file of the repository by its relative path, and to a heading as it stands now.',
        })),
    )
}

const linksIn = (text: string): readonly { readonly target: string; readonly line: number }[] => {
  const prose = hideCode(text)
  const links = [...prose.matchAll(/\]\(<?([^)\s>]+)[^)]*\)|^\[[^\]]+\]:\s*<?([^\s>]+)/gm)]
  return links.map((match) => ({ target: match[1] ?? match[2] ?? '', line: lineAt(prose, match.index) }))
}

/** Blanks fenced and inline code, in which brackets are not links. */
const hideCode = (text: string): string =>
  text.replace(/^(```|~~~)[\s\S]*?^\1[^\n]*$|`[^`\n]+`/gm, (code) => code.replace(/[^\n]/g, ' '))

const leads = (
  file: string,
  target: string,
  texts: ReadonlyMap<string, string>,
  paths: ReadonlySet<string>,
): boolean => {
  const [path = '', heading] = target.split('#')
  const to = path === '' ? file : posix.join(posix.dirname(file), decodeURIComponent(path))
  const bare = to.replace(/\/$/, '')
  if (!paths.has(bare)) return false
  const text = texts.get(bare)
  return heading === undefined || text === undefined || headingsIn(text).has(heading)
}

const withFolders = (file: string): readonly string[] => {
  const parts = file.split('/')
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

/** The names under which a forge shows headings: lower case, punctuation gone, spaces as dashes, repetitions counted. */
const headingsIn = (text: string): ReadonlySet<string> => {
  const names = new Set<string>()
  // Fences are hidden whole, but code inside a heading is part of its name.
  const prose = text.replace(/^(```|~~~)[\s\S]*?^\1[^\n]*$/gm, '')
  for (const [, title = ''] of prose.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const name = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
    let unique = name
    for (let count = 1; names.has(unique); count++) unique = `${name}-${count}`
    names.add(unique)
  }
  return names
}
