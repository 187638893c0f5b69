import { coverDigits, createNamedFinder, type NamedDigits } from './code-echo.ts'
import { findNamedObjects, type NamedObjects } from './json-siblings.ts'
import { type JsonToken, readString, walkJson } from './json-walk.ts'
import type { NumberFinder } from './pan-echo.ts'
import { coverSpans, type Span, star } from './spans.ts'

export interface Sought {
  /** Numbers that are long enough to be known wherever they stand. */
  readonly findNumbers: NumberFinder | undefined
  readonly named: readonly NamedDigits[]
}

/**
 * Covers card data in a text that is known to be JSON. It stays JSON of the same types: a number stays a number, whose
 * covered digits become 0, a string stays a string. What holds no card data is not touched, to the last character.
 */
export const coverJson = (text: string, sought: Sought): string => {
  const hits = sought.findNumbers?.(text) ?? []
  const mayHide = text.includes(escape)
  const wanted = sought.named.map(({ digits }) => withoutLeadingZeros(digits))
  if (hits.length === 0 && !mayHide && !wanted.some((digits) => text.includes(digits))) return text

  const hit = createCursor(hits)
  const nextEscape = createSeeker(text, escape)
  const nextNamed = wanted.map((digits) => createSeeker(text, digits))
  const coverString = createStringCover(sought)
  const objects = wanted.some((digits) => text.includes(digits)) ? findNamedObjects(text) : noObjects
  const parts: string[] = []
  let kept = 0
  walkJson(text, (token) => {
    const { from, to, field } = token
    const inside = hit(from, to)
    // Each of them is asked for every part, because each keeps its place.
    const isNamed = nextNamed.map((seek) => seek(from, to)).includes(true)
    if (inside.length === 0 && !isNamed && !nextEscape(from, to)) return
    const before = text.slice(from, to)
    const about = field === 'amount' ? undefined : objects.get(token.object)
    const after =
      token.type === 'number'
        ? coverNumber({ ...token, about }, before, inside, sought)
        : coverString({ ...token, about }, before)
    if (after === before) return
    parts.push(text.slice(kept, from), after)
    kept = to
  })
  parts.push(text.slice(kept))
  return parts.join('')
}

/** A token, and what its object is about. */
interface PlacedToken extends JsonToken {
  readonly about: NamedDigits['kind'] | undefined
}

const isNamedLike = ({ field, about }: PlacedToken, { kind }: NamedDigits): boolean =>
  field === kind || about === kind

/** Only this kind of escape can hide a digit or a letter. */
const escape = '\\u'

const withoutLeadingZeros = (digits: string): string => digits.replace(/^0+(?=\d)/, '')

const coverNumber = (
  token: PlacedToken,
  number: string,
  hits: readonly Span[],
  { named }: Sought,
): string => {
  if (named.some((one) => isNamedLike(token, one) && Number(number) === Number(one.digits))) return '0'
  const spans = hits.map((span) => ({ from: span.from - token.from, to: span.to - token.from }))
  const covered = coverSpans(number, spans, (part) => part.replace(/\d/g, '0'))
  // A JSON number begins with a zero only if that is all before its point.
  return covered === number ? number : covered.replace(/^(-?)0+(?=\d)/, '$1')
}

const createStringCover = ({
  findNumbers,
  named,
}: Sought): ((token: PlacedToken, before: string) => string) => {
  const finders = named.map((one) => ({ one, find: createNamedFinder(one) }))
  return (token, before) => {
    const value = readString(before)
    let covered = findNumbers ? coverSpans(value, findNumbers(value), star) : value
    if (token.type === 'string')
      for (const { one, find } of finders) {
        const isWhole = token.field !== 'amount' && covered.trim() === one.digits
        if (isWhole || isNamedLike(token, one)) covered = coverDigits(covered, one.digits)
        covered = coverSpans(covered, find(covered), star)
      }
    return covered === value ? before : JSON.stringify(covered)
  }
}

/** Those spans that lie in a part of the text. It is asked for parts from front to back. */
const createCursor = (spans: readonly Span[]): ((from: number, to: number) => readonly Span[]) => {
  let at = 0
  return (from, to) => {
    while ((spans[at]?.to ?? Number.POSITIVE_INFINITY) <= from) at++
    // The last of them may reach into the next part: a list of bytes is one span and many numbers.
    let end = at
    while ((spans[end]?.from ?? Number.POSITIVE_INFINITY) < to) end++
    return end === at ? none : spans.slice(at, end)
  }
}

const none: readonly Span[] = []
const noObjects: NamedObjects = new Map()

/** Whether a word begins in a part of the text. It is asked for parts from front to back, and looks once at each place. */
const createSeeker = (text: string, word: string): ((from: number, to: number) => boolean) => {
  let next = text.indexOf(word)
  return (from, to) => {
    if (next >= 0 && next < from) next = text.indexOf(word, from)
    return next >= 0 && next < to
  }
}
