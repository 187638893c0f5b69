import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'

export interface JsonReading {
  /** Keeps numbers that would change on the way through a double, such as `10.00`, as they were written. */
  readonly keepsNumbers: boolean
}

const maxDepth = 64
/** More values than any request needs take longer to walk than others should wait. */
const maxValues = 20_000
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * JSON, read so that nobody can mean two things by it: valid UTF-8, bounded depth, and no key twice in one object,
 * because of two card numbers under one key this program would see one and another program the other.
 */
export const readStrictJson = (
  bytes: Uint8Array,
  { keepsNumbers }: JsonReading,
): Result<unknown, { readonly type: 'BodyNotReadable' }> => {
  try {
    const text = utf8.decode(bytes)
    const keys = countKeys(text)
    if (keys === undefined) return refuse({ type: 'BodyNotReadable' })
    // A reviver is called for every value, and most texts have no number that it would keep.
    const keeps = keepsNumbers && mayChange.test(text)
    const value: unknown = keeps ? JSON.parse(text, keepNumber) : JSON.parse(text)
    return countOwnKeys(value) === keys ? ok(value) : refuse({ type: 'BodyNotReadable' })
  } catch {
    // The parser's message quotes what it read, which may be a card.
    return refuse({ type: 'BodyNotReadable' })
  }
}

/**
 * A number that is written otherwise after it was read: one with a fraction or an exponent, a negative zero, or with more
 * digits than a double has. A text or a key may look like one, which costs time and nothing else.
 */
const mayChange = /\d[.eE]|-0|\d{16}/

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a
const comma = 0x2c
const opening = new Set([0x5b, 0x7b])
const closing = new Set([0x5d, 0x7d])

/** How many keys the text writes: each is followed by the only kind of colon outside strings. `undefined`: too much. */
const countKeys = (text: string): number | undefined => {
  let keys = 0
  let depth = 0
  let values = 1
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (inString) {
      if (character === backslash) at++
      else if (character === quote) inString = false
    } else if (character === quote) inString = true
    else if (character === colon) keys++
    else if (character === comma) {
      if (++values > maxValues) return undefined
    } else if (opening.has(character)) {
      if (++depth > maxDepth) return undefined
    } else if (closing.has(character)) depth--
  }
  return keys
}

const countOwnKeys = (value: unknown): number => {
  if (typeof value !== 'object' || value === null || JSON.isRawJSON(value)) return 0
  if (Array.isArray(value)) return sum(value)
  const names = Object.keys(value)
  return names.some(isDoubtful) ? Number.NaN : names.length + sum(Object.values(value))
}

const sum = (values: readonly unknown[]): number =>
  values.reduce((keys: number, value) => keys + countOwnKeys(value), 0)

/**
 * V8 13.6 reads the key `a"` as `a\`, where an object of the same shape with that key came before it. What a provider is
 * sent must not depend on an earlier request, and the wrong key always ends so: no key may.
 */
const isDoubtful = (name: string): boolean => name.endsWith('\\')

const keepNumber = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
  typeof value === 'number' && context?.source !== undefined && context.source !== String(value)
    ? JSON.rawJSON(context.source)
    : value
