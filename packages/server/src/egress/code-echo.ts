import { coverSpans, type Span, star } from './spans.ts'

/**
 * Finds a security code in text that has no structure to go by: only right after a name that means one, as in
 * `cvv=123`, `"cvv": "123"`, `<cvv>123</cvv>`, `card%5Bcvc%5D=123` or `CVV2 code 123`.
 */
export const createCodeFinder =
  (code: string): ((text: string) => readonly Span[]) =>
  (text) => {
    const spans: Span[] = []
    for (const span of standingAlone(text, code))
      if (!beginsFraction(text, span.to) && followsName(text, span.from)) spans.push(span)
    return spans
  }

/** Covers a code wherever it stands alone: for the value of a field that is named like one. */
export const coverCode = (text: string, code: string): string =>
  coverSpans(text, [...standingAlone(text, code)], star)

/** Where the code is no part of a longer number. */
const standingAlone = function* (text: string, code: string): Generator<Span> {
  for (let from = text.indexOf(code); from >= 0; from = text.indexOf(code, from + 1)) {
    const to = from + code.length
    if (
      !isDigit(text, to) &&
      (!isDigit(text, from - 1) || endsEscape.test(text.slice(Math.max(0, from - 6), from)))
    )
      yield { from, to }
  }
}

/** The digits of an escape, as of a quotation mark in `%22123`, belong to what it means. */
const endsEscape = /(?:%|\\x)[0-9a-f]{2}$|\\u[0-9a-f]{4}$/i

const isDigit = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57
}

/** `123.45` is no code. */
const beginsFraction = (text: string, at: number): boolean => text[at] === '.' && isDigit(text, at + 1)

/** How far back a name is looked for, which bounds the time for each place where the digits of the code stand. */
const reach = 96

const followsName = (text: string, at: number): boolean => {
  const before = text.slice(Math.max(0, at - reach), at)
  if (!mayName.test(before)) return false
  const plain = before.replace(escapes, unescape)
  return named.test(plain) || tagged.test(plain)
}

const mayName = /cv|ca[vr]|ci|cs|ver|sec/i

const names =
  '(?:(?:cvv|cvc|cvn|cvd|cav)\\d?|(?<![a-z])(?:csc|cid|cvx)\\d?|security[ _.-]?code|card[ _.-]?code|card[ _.-]?verification|verification[ _.-]?(?:code|value|number|data|digits))'

/** Anything but what begins another field. */
const joint = '[^a-z0-9&,;{}<\\n]'

/** Words that may stand between a name and its value, as in `name="cvv" value="123"`. */
const fillers = `(?:${joint}{1,8}(?:value|code|number|data|string|text|type|is|was|of|check)){0,3}`

const named = new RegExp(`${names}[a-z0-9_]{0,16}${fillers}(?:${joint}|\\{){1,12}$`, 'i')

/** The value of an XML or HTML element whose name or attribute means a code. */
const tagged = new RegExp(`<[^<>]{0,80}${names}[^<>]{0,80}>\\s{0,8}(?:<!\\[CDATA\\[\\s{0,8})?$`, 'i')

const escapes = /%([0-9a-f]{2})|\\u([0-9a-f]{4})|&#x([0-9a-f]{1,4});|&#(\d{1,5});|&([a-z]{2,4});/gi

const unescape = (
  whole: string,
  percent: string | undefined,
  unicode: string | undefined,
  entityHex: string | undefined,
  entityDecimal: string | undefined,
  entityName: string | undefined,
): string => {
  if (entityDecimal) return String.fromCharCode(Number(entityDecimal))
  if (entityName) return entityNames.get(entityName.toLowerCase()) ?? whole
  return String.fromCharCode(Number.parseInt(percent ?? unicode ?? entityHex ?? '20', 16))
}

const entityNames: ReadonlyMap<string, string> = new Map([
  ['quot', '"'],
  ['apos', "'"],
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['nbsp', ' '],
])
