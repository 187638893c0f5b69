import { openSecret, type Secret } from '@cardkeep/core/kernel/secret'
import { base64Core, base64Gap } from './echo-encoded.ts'
import { readString, walkJson } from './json-walk.ts'

/** Takes out of an answer what the vault itself added to the request: a caller must not learn it from an echo. */
export interface Concealer {
  text(text: string): string
  /** For a text that is known to be JSON, which it stays. */
  json(text: string): string
  /** How often anything is to be taken out. */
  count(text: string): number
}

export const createConcealer = (values: readonly Secret<string>[]): Concealer => {
  // The longest first: of a value and its part the whole is to go.
  const parts = [...new Set(values.flatMap((value) => partsOf(openSecret(value, 'conceal'))))].toSorted(
    (a, b) => b.length - a.length,
  )
  if (parts.length === 0) return nothing
  const pattern = new RegExp(parts.flatMap(spell).join('|'), 'gi')
  const findBase64 = createBase64Finder(parts)
  const conceal = (text: string): string => {
    const clear = text.replaceAll(pattern, concealed)
    const base64 = findBase64(clear)
    return base64 ? clear.replaceAll(base64, concealed) : clear
  }
  return {
    text: conceal,
    json: (text) => concealJson(text, conceal),
    count: (text) =>
      (text.match(pattern)?.length ?? 0) + (text.match(findBase64(text) ?? never)?.length ?? 0),
  }
}

const literally = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

const concealed = '[concealed]'

const nothing: Concealer = { text: (text) => text, json: (text) => text, count: () => 0 }

/** Anything shorter occurs by chance. */
const shortest = 8

/**
 * The value; behind the name of a scheme the credentials (RFC 9110 section 11.4); of Basic ones what they mean. Many providers
 * take a key for the name and nothing for the password; where there is a password the name is no secret.
 */
const partsOf = (value: string): readonly string[] => {
  const [, scheme, credentials] = /^([\w-]+) +(\S.*)$/.exec(value) ?? []
  const basic = scheme?.toLowerCase() === 'basic' ? Buffer.from(credentials ?? '', 'base64').toString() : ''
  const colon = basic.indexOf(':')
  const [name, password] = [basic.slice(0, Math.max(0, colon)), basic.slice(colon + 1)]
  const secret = password.length >= shortest ? password : name
  const fields = Array.from(value.matchAll(field), ([, text = '']) => text)
  return [value, credentials ?? '', basic, secret, ...fields].filter((part) => part.length >= shortest)
}

/** As in `token=…` and `secret="…"`. A shorter one may be a word, as the name of a realm is. */
const field = /[\w.-]="?([^\s",;]{16,})/g

/** Patterns for it as it is and as URLs, JSON and HTML write it. */
const spell = (part: string): readonly string[] =>
  [
    part,
    encodeURIComponent(part),
    JSON.stringify(part).slice(1, -1),
    JSON.stringify(part).slice(1, -1).replaceAll('/', '\\/'),
    part.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character),
  ]
    .toSorted((a, b) => b.length - a.length)
    .map(literally)

/**
 * Answers the pattern for base64 in either alphabet and with ends of lines in it, if any may be there: it is large, and most
 * answers echo nothing.
 */
const createBase64Finder = (parts: readonly string[]): ((text: string) => RegExp | undefined) => {
  const cores = parts.flatMap((part) => [0, 1, 2].map((before) => base64Core(part, before)))
  const folded = cores.map(foldBase64)
  const shortestCore = Math.min(...folded.map(({ length }) => length))
  return (text) => {
    if (text.length < shortestCore) return undefined
    const bare = foldBase64(text.replaceAll(gaps, ''))
    return folded.some((core) => bare.includes(core)) ? base64Pattern(cores) : undefined
  }
}

const gaps = new RegExp(base64Gap(1), 'g')
const never = /(?!)/g

const foldBase64 = (text: string): string => text.toLowerCase().replaceAll('-', '+').replaceAll('_', '/')

const base64Pattern = (cores: readonly string[]): RegExp =>
  new RegExp(
    cores
      .map((core) => Array.from(core, (character) => twins[character] ?? character).join(base64Gap(0)))
      .join('|'),
    'gi',
  )

const twins: Readonly<Record<string, string>> = { '+': '[+-]', '/': '[/_]' }

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const concealJson = (text: string, conceal: (text: string) => string): string => {
  // Without an escape a text shows all that its strings hold.
  if (!text.includes('\\') && conceal(text) === text) return text
  const parts: string[] = []
  let kept = 0
  walkJson(text, ({ type, from, to }) => {
    const before = text.slice(from, to)
    const value = type === 'number' ? before : readString(before)
    const covered = conceal(value)
    if (covered === value) return
    parts.push(text.slice(kept, from), type === 'number' ? '0' : JSON.stringify(covered))
    kept = to
  })
  parts.push(text.slice(kept))
  return parts.join('')
}
