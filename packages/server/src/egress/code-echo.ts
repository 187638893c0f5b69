import { kindOfField } from './field-names.ts'
import { coverSpans, type Span, star } from './spans.ts'

/** Digits that are too few to be told from any others but by a name. */
export interface NamedDigits {
  readonly digits: string
  readonly kind: 'code' | 'account'
}

/**
 * Finds a security code or a short account number in text that has no structure to go by: only right after a name that
 * means one, as in `cvv=123`, `"cvv": "123"`, `<cvv>123</cvv>`, `card%5Bcvc%5D=123` or `CVV2 code 123`, or before one to
 * which it is tied, as in `123 is not a valid cvc` or `value="123" name="cvv"`.
 */
export const createNamedFinder = ({ digits, kind }: NamedDigits): ((text: string) => readonly Span[]) => {
  const names = namings[kind]
  return (text) => {
    const spans: Span[] = []
    for (const span of standingAlone(text, digits))
      if (
        !beginsFraction(text, span.to) &&
        (followsName(text, span.from, names) || precedesName(text, span, names))
      )
        spans.push(span)
    return spans
  }
}

/** Covers the digits wherever they stand alone: for the value of a field that is named like them. */
export const coverDigits = (text: string, digits: string): string =>
  coverSpans(text, [...standingAlone(text, digits)], star)

/** Where the digits are no part of a longer number. */
const standingAlone = function* (text: string, digits: string): Generator<Span> {
  for (let from = text.indexOf(digits); from >= 0; from = text.indexOf(digits, from + 1)) {
    const to = from + digits.length
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

const followsName = (text: string, at: number, { mayName, named, tagged, paired }: Naming): boolean => {
  const before = text.slice(Math.max(0, at - reach), at)
  if (!mayName.test(before)) return false
  const plain = before.replace(escapes, unescape)
  return named.test(plain) || tagged.test(plain) || paired.test(plain)
}

const precedesName = (text: string, { from, to }: Span, { mayName, attributed, judged }: Naming): boolean => {
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

/** Anything but what begins another field. */
const joint = '[^a-z0-9&,;{}<\\n]'

/** Words that may stand between a name and its value, as in `name="cvv" value="123"`. */
const fillers = `(?:${joint}{1,8}(?:value|code|number|data|string|text|type|is|was|of|check)){0,3}`

/** The words of a message that judges a value. With any others the value may be another field's. */
const judging =
  'is|was|are|not|no|a|an|the|as|for|of|in|on|at|to|be|does|match|valid|invalid|wrong|incorrect|bad|failed|rejected|accepted|acceptable|allowed|value|field|parameter|param|property|attribute|validation|your|this|card|bank|supplied|provided|given'

const space = '[\\s"\'`()[\\]*]{1,6}'

/** How names tell that digits beside them are what is sought. */
interface Naming {
  /** Says soon and cheaply that there is no name. */
  readonly mayName: RegExp
  readonly named: RegExp
  readonly tagged: RegExp
  readonly paired: RegExp
  readonly attributed: RegExp
  readonly judged: RegExp
}

const makeNaming = (mayName: RegExp, names: string): Naming => ({
  mayName,
  named: new RegExp(`${names}[a-z0-9_]{0,16}${fillers}(?:${joint}|\\{){1,12}$`, 'i'),
  /** The value of an XML or HTML element whose name or attribute means it. */
  tagged: new RegExp(`<[^<>]{0,80}${names}[^<>]{0,80}>\\s{0,8}(?:<!\\[CDATA\\[\\s{0,8})?$`, 'i'),
  /** The element after one that holds a name, as in `<name>cvv</name><value>123`. */
  paired: new RegExp(
    `${names}[a-z0-9_]{0,16}\\s{0,8}</[^<>]{1,40}>\\s{0,8}(?:<(?:\\w{1,16}:)?(?:value|string|int|text|data)[^<>]{0,40}>\\s{0,8}){1,2}$`,
    'i',
  ),
  /** An attribute of the same element, as in `<input value="123" name="cvv">`. */
  attributed: new RegExp(
    `^["']\\s{1,8}(?:[\\w-]{1,24}=["'][^"'<>]{0,40}["']\\s{1,8}){0,3}(?:name|id|field|key|param)=["'][^"'<>]{0,40}${names}`,
    'i',
  ),
  judged: new RegExp(
    `^(?:${space}(?:${judging})){1,10}${space}(?:[\\w-]{1,24}[./[]{1,2}){0,3}\\w{0,16}?${names}`,
    'i',
  ),
})

const namings: Readonly<Record<NamedDigits['kind'], Naming>> = {
  code: makeNaming(
    /cv|ca[vr]|ci|cs|ver|sec/i,
    '(?:(?:cvv|cvc|cvn|cvd|cav)\\d?|(?<![a-z])(?:csc|cid|cvx|cv2)\\d?|security[ _.-]?(?:code|value|number|digits)|card[ _.-]?code|card[ _.-]?verification|verification[ _.-]?(?:code|value|number|data|digits))',
  ),
  account: makeNaming(/acc/i, '(?:account|acct)'),
}

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
