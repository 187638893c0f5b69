import { coverCode, createCodeFinder } from './code-echo.ts'
import { findCodeObjects } from './json-siblings.ts'
import { type JsonToken, readString, walkJson } from './json-walk.ts'
import type { PanFinder } from './pan-echo.ts'
import { coverSpans, type Span, star } from './spans.ts'

export interface Sought {
  readonly findPan: PanFinder | undefined
  readonly code: string | undefined
}

/**
 * Covers card data in a text that is known to be JSON. It stays JSON of the same types: a number stays a number, whose
 * covered digits become 0, a string stays a string. What holds no card data is not touched, to the last character.
 */
export const coverJson = (text: string, sought: Sought): string => {
  const hits = sought.findPan?.(text) ?? []
  const mayHide = text.includes(escape)
  const wanted = sought.code && withoutLeadingZeros(sought.code)
  if (hits.length === 0 && !mayHide && !(wanted && text.includes(wanted))) return text

  const hit = createCursor(hits)
  const nextEscape = createSeeker(text, escape)
  const nextCode = wanted ? createSeeker(text, wanted) : nowhere
  const coverString = createStringCover(sought)
  const codeObjects = nextCode(0, text.length) ? findCodeObjects(text) : noObjects
  const parts: string[] = []
  let kept = 0
  walkJson(text, (token) => {
    const { from, to } = token
    const inside = hit(from, to)
    if (inside.length === 0 && !nextCode(from, to) && !nextEscape(from, to)) return
    const before = text.slice(from, to)
    const field = token.field === 'other' && codeObjects.has(token.object) ? 'code' : token.field
    const after =
      token.type === 'number'
        ? coverNumber({ ...token, field }, before, inside, sought)
        : coverString({ ...token, field }, before)
    if (after === before) return
    parts.push(text.slice(kept, from), after)
    kept = to
  })
  parts.push(text.slice(kept))
  return parts.join('')
}

/** Only this kind of escape can hide a digit or a letter. */
const escape = '\\u'

const withoutLeadingZeros = (digits: string): string => digits.replace(/^0+(?=\d)/, '')

const coverNumber = (
  { from, field }: JsonToken,
  number: string,
  hits: readonly Span[],
  { code }: Sought,
): string => {
  if (code !== undefined && field === 'code' && Number(number) === Number(code)) return '0'
  const spans = hits.map((span) => ({ from: span.from - from, to: span.to - from }))
  const covered = coverSpans(number, spans, (part) => part.replace(/\d/g, '0'))
  // A JSON number begins with a zero only if that is all before its point.
  return covered === number ? number : covered.replace(/^(-?)0+(?=\d)/, '$1')
}

const createStringCover = ({ findPan, code }: Sought): ((token: JsonToken, before: string) => string) => {
  const findCode = code === undefined ? undefined : createCodeFinder(code)
  return ({ type, field }, before) => {
    const value = readString(before)
    let covered = findPan ? coverSpans(value, findPan(value), star) : value
    if (code !== undefined && findCode && type === 'string') {
      if (field === 'code' || (field === 'other' && covered.trim() === code))
        covered = coverCode(covered, code)
      covered = coverSpans(covered, findCode(covered), star)
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
const noObjects: ReadonlySet<number> = new Set()

/** Whether a word begins in a part of the text. It is asked for parts from front to back, and looks once at each place. */
const createSeeker = (text: string, word: string): ((from: number, to: number) => boolean) => {
  let next = text.indexOf(word)
  return (from, to) => {
    if (next >= 0 && next < from) next = text.indexOf(word, from)
    return next >= 0 && next < to
  }
}

const nowhere = (): boolean => false
