import { kindOfField } from './field-names.ts'
import { coverSpans, type Span, star } from './spans.ts'

/**
 * Finds a security code in text that has no structure to go by: only right after a name that means one, as in
 * `cvv=123`, `"cvv": "123"`, `<cvv>123</cvv>`, `card%5Bcvc%5D=123` or `CVV2 code 123`, or before one to which it is
 * tied, as in `123 is not a valid cvc` or `value="123" name="cvv"`.
 */
export const createCodeFinder =
  (code: string): ((text: string) => readonly Span[]) =>
  (text) => {
    const spans: Span[] = []
    for (const span of standingAlone(text, code))
      if (!beginsFraction(text, span.to) && (followsName(text, span.from) || precedesName(text, span)))
        spans.push(span)
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

/** How far away a name is looked for, which bounds the time for each place where the digits of the code stand. */
const reach = 96

const followsName = (text: string, at: number): boolean => {
  const before = text.slice(Math.max(0, at - reach), at)
  if (!mayName.test(before)) return false
  const plain = before.replace(escapes, unescape)
  return named.test(plain) || tagged.test(plain) || paired.test(plain)
}

const precedesName = (text: string, { from, to }: Span): boolean => {
  const after = text.slice(to, to + reach)
  if (!mayName.test(after)) return false
  const plain = after.replace(escapes, unescape)
  return attributed.test(plain) || (judged.test(plain) && !followsAmount(text, from))
}

/** `Amount 123 is not valid for this cvv` */
const followsAmount = (text: string, at: number): boolean => {
  const word = lastWord.exec(text.slice(Math.max(0, at - reach), at))?.[1]
  return word !== undefined && kindOfField(word) === 'amount'
}

const lastWord = /([\w-]{1,40})(?:\W{1,3}(?:of|is|was|for))?\W{1,6}$/

const mayName = /cv|ca[vr]|ci|cs|ver|sec/i

const names =
  '(?:(?:cvv|cvc|cvn|cvd|cav)\\d?|(?<![a-z])(?:csc|cid|cvx|cv2)\\d?|security[ _.-]?(?:code|value|number|digits)|card[ _.-]?code|card[ _.-]?verification|verification[ _.-]?(?:code|value|number|data|digits))'

/** Anything but what begins another field. */
const joint = '[^a-z0-9&,;{}<\\n]'

/** Words that may stand between a name and its value, as in `name="cvv" value="123"`. */
const fillers = `(?:${joint}{1,8}(?:value|code|number|data|string|text|type|is|was|of|check)){0,3}`

const named = new RegExp(`${names}[a-z0-9_]{0,16}${fillers}(?:${joint}|\\{){1,12}$`, 'i')

/** The value of an XML or HTML element whose name or attribute means a code. */
const tagged = new RegExp(`<[^<>]{0,80}${names}[^<>]{0,80}>\\s{0,8}(?:<!\\[CDATA\\[\\s{0,8})?$`, 'i')

/** The element after one that holds a name, as in `<name>cvv</name><value>123`. */
const paired = new RegExp(
  `${names}[a-z0-9_]{0,16}\\s{0,8}</[^<>]{1,40}>\\s{0,8}(?:<(?:\\w{1,16}:)?(?:value|string|int|text|data)[^<>]{0,40}>\\s{0,8}){1,2}$`,
  'i',
)

/** An attribute of the same element, as in `<input value="123" name="cvv">`. */
const attributed = new RegExp(
  `^["']\\s{1,8}(?:[\\w-]{1,24}=["'][^"'<>]{0,40}["']\\s{1,8}){0,3}(?:name|id|field|key|param)=["'][^"'<>]{0,40}${names}`,
  'i',
)

/** The words of a message that judges a value. With any others the value may be another field's. */
const judging =
  'is|was|are|not|no|a|an|the|as|for|of|in|on|at|to|be|does|match|valid|invalid|wrong|incorrect|bad|failed|rejected|accepted|acceptable|allowed|value|field|parameter|param|property|attribute|validation|your|this|card|supplied|provided|given'

const space = '[\\s"\'`()[\\]*]{1,6}'

const judged = new RegExp(
  `^(?:${space}(?:${judging})){1,10}${space}(?:[\\w-]{1,24}[./[]{1,2}){0,3}\\w{0,16}?${names}`,
  'i',
)

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
