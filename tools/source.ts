import { lineAt } from './finding.ts'

/*
 * TypeScript, read only as far as the checks need it. A source is first blanked: comments, the insides of strings and
 * templates and regular expressions become spaces, and every other character keeps its place. What is then found in
 * the blanked text is code, and its line is the line of the source.
 */

export interface Import {
  /** `undefined` where the name is computed and cannot be known. */
  readonly specifier: string | undefined
  /** What is taken from it by name; `undefined` for all of it. */
  readonly names: readonly string[] | undefined
  readonly line: number
}

/** Static and dynamic imports, re-exports and `import('…')` types, in order. */
export const findImports = (source: string): readonly Import[] => {
  const code = blank(source)
  return [...code.matchAll(importForm)].map((match) => {
    const { clause, quote } = match.groups ?? {}
    const from = match.index + match[0].length
    return {
      specifier: quote === undefined ? undefined : source.slice(from, code.indexOf(quote, from)),
      names: namesIn(clause),
      line: lineAt(code, match.index),
    }
  })
}

const quoted = `(?<quote>['"])`
// Words, braces, commas and stars: what stands between the keyword and `from`, never another statement.
const clause = '(?<clause>(?:(?!\\b(?:import|export)\\b)[\\w$*{},\\s])*?)'
const importForm = new RegExp(
  [
    `\\b(?:import|export)\\b${clause}\\bfrom\\s*${quoted}`,
    `\\bimport\\s*${quoted}`,
    `(?<![.\\w$])import\\s*\\(\\s*(?:${quoted}|(?=[^'"\\s]))`,
  ].join('|'),
  'g',
)

const namesIn = (clause: string | undefined): readonly string[] | undefined => {
  const list = clause?.match(/^\s*(?:type\s*)?\{([^}]*)\}\s*$/)?.[1]
  if (list === undefined) return undefined
  const names = list.split(',').map((name) => name.trim().replace(/^type\s+/, ''))
  return names.filter((name) => name !== '').map((name) => name.split(/\s+as\s+/)[0] ?? name)
}

const lexeme = new RegExp(
  [
    /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)/,
    /(?<text>'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*")/,
    /(?<regex>\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*)/,
    /(?<mark>[`{}])/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
)

// A `/` begins a regular expression where an operand is missing, and divides after one.
const wantsOperand =
  /(?:^|[([{,;:=!?&|+\-*%<>~^]|\b(?:return|typeof|case|in|of|else|void|throw|await|yield))$/

export const blank = (source: string): string => {
  let code = ''
  let at = 0
  /** For each open brace, whether the template around it goes on when it closes. */
  const braces: boolean[] = []

  const keepTo = (end: number): void => {
    code += source.slice(at, end)
    at = end
  }
  const hideTo = (end: number): void => {
    code += source.slice(at, end).replace(/[^\n]/g, ' ')
    at = end
  }
  const hideTemplate = (): void => {
    const inside = /(?:[^`$\\]|\\[\s\S]|\$(?!\{))*/y
    inside.lastIndex = at
    inside.exec(source)
    hideTo(inside.lastIndex)
    const opensCode = source[at] === '$'
    if (opensCode) braces.push(true)
    keepTo(at + (opensCode ? 2 : 1))
  }

  for (;;) {
    lexeme.lastIndex = at
    const match = lexeme.exec(source)
    if (!match) break
    const { comment, text, regex, mark } = match.groups ?? {}
    const end = match.index + match[0].length
    keepTo(match.index)
    if (comment !== undefined) hideTo(end)
    else if (regex !== undefined && !wantsOperand.test(code.trimEnd())) keepTo(at + 1)
    else if (text !== undefined || regex !== undefined) {
      keepTo(at + 1)
      hideTo(end - 1)
      keepTo(end)
    } else {
      keepTo(end)
      if (mark === '{') braces.push(false)
      else if (mark === '`' || braces.pop()) hideTemplate()
    }
  }
  keepTo(source.length)
  return code
}
