import { type FieldKind, kindOfField } from './field-names.ts'

/** A name, a string or a number in a JSON text, quotes included. */
export interface JsonToken {
  readonly type: 'key' | 'string' | 'number'
  readonly from: number
  readonly to: number
  /** Of the field that a value stands in, or, where that says nothing, of the nearest one around it. */
  readonly field: FieldKind
  /** Where the innermost object around it begins; -1 without one. */
  readonly object: number
}

/**
 * Visits the tokens of a text that is known to be JSON, where they stand. Values are not parsed and not rebuilt, so that
 * what is not touched stays as the provider wrote it: `10.00`, doubled names, `__proto__`. Any depth takes no stack.
 */
export const walkJson = (text: string, visit: (token: JsonToken) => void): void => {
  const isObject: boolean[] = []
  const around: FieldKind[] = []
  const objects: number[] = []
  const kinds = new Map<string, FieldKind>()
  let field: FieldKind = 'other'
  let isKey = false

  const takeString = (from: number): number => {
    const to = endOfString(text, from)
    if (isKey) field = within(around.at(-1), kindOfKey(text.slice(from, to), kinds))
    visit({ type: isKey ? 'key' : 'string', from, to, field, object: innermost() })
    return to
  }
  const innermost = (): number => objects.at(-1) ?? -1
  const open = (at: number, opensObject: boolean): void => {
    objects.push(opensObject ? at : innermost())
    isObject.push(opensObject)
    around.push(field)
    isKey = opensObject
  }

  for (let at = 0; at < text.length; ) {
    switch (text.charAt(at)) {
      case '"':
        at = takeString(at)
        continue
      case '{':
        open(at, true)
        break
      case '[':
        open(at, false)
        break
      case '}':
      case ']':
        isObject.pop()
        objects.pop()
        field = around.pop() ?? 'other'
        break
      case ':':
        isKey = false
        break
      case ',':
        isKey = isObject.at(-1) ?? false
        break
      default:
        if (startsNumber(text.charCodeAt(at))) {
          const from = at
          at = endOfNumber(text, from)
          visit({ type: 'number', from, to: at, field, object: innermost() })
          continue
        }
    }
    at++
  }
}

/** A name that says nothing leaves what the names around it say: `{"amount": {"value": "123"}}` is an amount. */
const within = (around: FieldKind | undefined, kind: FieldKind): FieldKind =>
  kind === 'other' ? (around ?? 'other') : kind

const maxKinds = 1_000

/** The same few names come again and again in a long text. */
const kindOfKey = (key: string, kinds: Map<string, FieldKind>): FieldKind => {
  const known = kinds.get(key)
  if (known) return known
  const kind = kindOfField(readString(key))
  if (kinds.size < maxKinds) kinds.set(key, kind)
  return kind
}

/** The value of a string token. */
export const readString = (token: string): string =>
  token.includes('\\') ? String(JSON.parse(token)) : token.slice(1, -1)

const endOfString = (text: string, from: number): number => {
  for (let quote = text.indexOf('"', from + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let before = quote
    while (text[before - 1] === '\\') before--
    if ((quote - before) % 2 === 0) return quote + 1
  }
  // Precondition: the text is JSON, in which a string ends.
  throw new Error('a string without an end')
}

const minus = 45
const zero = 48
const nine = 57

const startsNumber = (code: number): boolean => code === minus || (code >= zero && code <= nine)

const endOfNumber = (text: string, from: number): number => {
  let to = from + 1
  while (numberParts.has(text.charCodeAt(to))) to++
  return to
}

const numberParts: ReadonlySet<number> = new Set(Array.from('0123456789.+-eE', (part) => part.charCodeAt(0)))
