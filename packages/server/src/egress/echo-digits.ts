import type { Span } from './spans.ts'

/** How many digits of a number may be shown. */
export interface Shown {
  readonly first: number
  readonly last: number
}

/**
 * Finds a number that can be read digit by digit: plain, or each digit escaped for a URL, JSON, a script or HTML, with
 * up to three separators between digits, as in `4111 - 1111`. Of a number in plain digits all but those that may be
 * shown are to be covered, of an escaped one everything: part of an escape would be a broken escape.
 */
export const createDigitFinder = (number: string, shown: Shown): ((text: string) => readonly Span[]) => {
  const digits = Uint8Array.from(number, Number)
  const fallbacks = fallbacksOf(digits)
  return (text) => {
    const spans: Span[] = []
    scan(text, digits, fallbacks, readPlain, shown, spans)
    // What an escape means is guessed, as `%34` may be a percent sign and two digits; so both readings are searched.
    if (mayEscape(text)) scan(text, digits, fallbacks, readEscaped, shown, spans)
    return spans
  }
}

const maxSeparators = 3

/** Sets `unit` to what stands at a position. */
type Read = (text: string, at: number) => void

/** What was read last, in one place: an object for each character of a long text would cost more than the search. */
const unit = {
  to: 0,
  /** A digit, `separator` or `other`. */
  kind: 0,
}
const separator = 10
const other = 11

/**
 * Knuth, Morris and Pratt's search over digits: each is looked at once, however often the text begins like the number.
 * `fallbacks[n]` is how much of the number still matches when `n` digits did and the next does not.
 */
const scan = (
  text: string,
  digits: Uint8Array,
  fallbacks: Uint8Array,
  read: Read,
  shown: Shown,
  spans: Span[],
): void => {
  const length = digits.length
  const froms = new Uint32Array(length)
  const tos = new Uint32Array(length)
  let matched = 0
  let separators = 0
  let seen = 0
  for (let at = 0; at < text.length; at = unit.to) {
    read(text, at)
    if (unit.kind === other || (unit.kind === separator && ++separators > maxSeparators)) {
      matched = 0
      continue
    }
    if (unit.kind === separator) continue
    separators = 0
    froms[seen % length] = at
    tos[seen % length] = unit.to
    seen++
    while (matched > 0 && digits[matched] !== unit.kind) matched = fallbacks[matched] ?? 0
    if (digits[matched] === unit.kind) matched++
    if (matched === length) {
      addHit(spans, froms, tos, seen % length, shown)
      matched = fallbacks[matched] ?? 0
    }
  }
}

/** The rings hold the number's digits; the first of them stands at `first`. */
const addHit = (spans: Span[], froms: Uint32Array, tos: Uint32Array, first: number, shown: Shown): void => {
  const length = froms.length
  const from = (index: number) => froms[(first + index) % length] ?? 0
  const to = (index: number) => tos[(first + index) % length] ?? 0
  let isPlain = true
  for (let index = 0; index < length; index++) isPlain &&= to(index) - from(index) === 1
  if (!isPlain) {
    spans.push({ from: from(0), to: to(length - 1) })
    return
  }
  let start = shown.first
  for (let index = shown.first; index < length - shown.last; index++) {
    const isLast = index + 1 === length - shown.last
    if (!isLast && from(index + 1) === to(index)) continue
    spans.push({ from: from(start), to: to(index) })
    start = index + 1
  }
}

const fallbacksOf = (digits: Uint8Array): Uint8Array => {
  const fallbacks = new Uint8Array(digits.length + 1)
  let matched = 0
  for (let at = 1; at < digits.length; at++) {
    while (matched > 0 && digits[matched] !== digits[at]) matched = fallbacks[matched] ?? 0
    if (digits[matched] === digits[at]) matched++
    fallbacks[at + 1] = matched
  }
  return fallbacks
}

const zero = 48

/**
 * Space, no-break and thin spaces, line ends, dashes, what stands for a space in forms and names, the equals sign with
 * which quoted-printable text breaks a line (RFC 2045 section 6.7), and what decoding makes of a no-break space in
 * another encoding than the one that was announced.
 */
const separators: ReadonlySet<number> = new Set(
  Array.from(
    ' \t\r\n-.+_=\u00a0\u2007\u2009\u200b\u202f\u2010\u2011\u2012\u2013\u2014\u2212\ufffd',
    (character) => character.charCodeAt(0),
  ),
)

const kindOf = (code: number): number => {
  const digit = code - zero
  if (digit >= 0 && digit <= 9) return digit
  return separators.has(code) ? separator : other
}

const asciiKinds = Uint8Array.from({ length: 128 }, (_, code) => kindOf(code))

const readPlain: Read = (text, at) => {
  const code = text.charCodeAt(at)
  unit.to = at + 1
  unit.kind = asciiKinds[code] ?? kindOf(code)
}

const percent = 37
const ampersand = 38
const backslash = 92

const mayEscape = (text: string): boolean => text.includes('%') || text.includes('&') || text.includes('\\')

/** Escapes within escapes, as of JSON within JSON, repeat their first character or its own escape. */
const escape =
  /%(?:25){0,2}(?<percent>c2%(?:25){0,2}a0|[0-9a-f]{2})|\\{1,8}(?:u(?<unicode>[0-9a-f]{4})|x(?<hex>[0-9a-f]{2})|(?<line>[nrt]))|&(?:amp;){0,2}(?:#0{0,6}(?<decimal>\d{1,5})|#x0{0,6}(?<entity>[0-9a-f]{1,4})|(?<nbsp>nbsp));?/iy

const readEscaped: Read = (text, at) => {
  const first = text.charCodeAt(at)
  if (first !== percent && first !== backslash && first !== ampersand) return readPlain(text, at)
  escape.lastIndex = at
  const groups = escape.exec(text)?.groups
  if (!groups) {
    unit.to = at + 1
    unit.kind = other
    return
  }
  unit.to = escape.lastIndex
  unit.kind = kindOf(codeOf(groups))
}

const space = 32

const codeOf = (groups: Record<string, string | undefined>): number => {
  const { percent: byte, unicode, hex, decimal, entity } = groups
  if (decimal) return Number(decimal)
  const digits = unicode ?? hex ?? entity ?? (byte?.length === 2 ? byte : undefined)
  // The rest are names of white space.
  return digits ? Number.parseInt(digits, 16) : space
}
