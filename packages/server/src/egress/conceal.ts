import { openSecret, type Secret } from '@cardkeep/core/kernel/secret'
import { base64Core } from './echo-encoded.ts'
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
  const spellings = [
    ...new Set(values.flatMap((value) => partsOf(openSecret(value, 'conceal'))).flatMap(spell)),
  ]
  if (spellings.length === 0) return nothing
  // The longest first: of a value and its part the whole is to go.
  const pattern = new RegExp(
    spellings
      .toSorted((a, b) => b.length - a.length)
      .map(literally)
      .join('|'),
    'gi',
  )
  const conceal = (text: string): string => text.replaceAll(pattern, concealed)
  return {
    text: conceal,
    json: (text) => concealJson(text, conceal),
    count: (text) => text.match(pattern)?.length ?? 0,
  }
}

const literally = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

const concealed = '[concealed]'

const nothing: Concealer = { text: (text) => text, json: (text) => text, count: () => 0 }

/** Anything shorter occurs by chance. */
const shortest = 8

/** The value; behind the name of a scheme the credentials (RFC 9110 section 11.4); of Basic ones what they mean. */
const partsOf = (value: string): readonly string[] => {
  const [, scheme, credentials] = /^([\w-]+) +(\S.*)$/.exec(value) ?? []
  const basic = scheme?.toLowerCase() === 'basic' ? Buffer.from(credentials ?? '', 'base64').toString() : ''
  const password = basic.slice(basic.indexOf(':') + 1)
  return [value, credentials ?? '', basic, password].filter((part) => part.length >= shortest)
}

/** As it is and as URLs, JSON, HTML and base64 write it. */
const spell = (part: string): readonly string[] => [
  part,
  encodeURIComponent(part),
  JSON.stringify(part).slice(1, -1),
  JSON.stringify(part).slice(1, -1).replaceAll('/', '\\/'),
  part.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character),
  ...[0, 1, 2].map((before) => base64Core(part, before)),
]

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
