import type { Span } from './spans.ts'

/**
 * Finds a card number inside base64, base64url or hexadecimal text. The whole run of encoded text is to be covered: what
 * stands around the number may be the rest of the request, with the code in it.
 */
export const createEncodedFinder = (pan: string): ((text: string) => readonly Span[]) => {
  const spellings = spell(pan)
  const families = [
    ...[0, 1, 2].map((before) =>
      familyOf(
        spellings.flatMap((spelling) => base64Cores(spelling, before)),
        isBase64,
      ),
    ),
    familyOf(spellings.flatMap(hexForms), isHex),
  ]
  return (text) => {
    const spans: Span[] = []
    for (const family of families) findFamily(text, family, spans)
    return spans
  }
}

/** Encoded forms that begin alike: one search for the beginning finds candidates for all of them. */
interface Family {
  readonly prefix: string
  readonly forms: readonly string[]
  readonly belongs: (code: number) => boolean
}

const familyOf = (forms: readonly string[], belongs: Family['belongs']): Family => {
  const [first = ''] = forms
  let length = first.length
  while (!forms.every((form) => form.startsWith(first.slice(0, length)))) length--
  return { prefix: first.slice(0, length), forms: [...new Set(forms)], belongs }
}

const findFamily = (text: string, { prefix, forms, belongs }: Family, spans: Span[]): void => {
  for (let at = text.indexOf(prefix); at >= 0; ) {
    const form = forms.find((candidate) => text.startsWith(candidate, at))
    if (!form) {
      at = text.indexOf(prefix, at + 1)
      continue
    }
    let from = at
    while (from > 0 && belongs(text.charCodeAt(from - 1))) from--
    let to = at + form.length
    while (to < text.length && belongs(text.charCodeAt(to))) to++
    spans.push({ from, to })
    at = text.indexOf(prefix, to)
  }
}

/** As people and terminals write a number: in one piece, in fours, and for 14 and 15 digits in 4-6-rest. */
const spell = (pan: string): readonly string[] => {
  const fours = pan.match(/.{1,4}/g) ?? []
  const charge = [pan.slice(0, 4), pan.slice(4, 10), pan.slice(10)]
  const groupings = pan.length === 14 || pan.length === 15 ? [fours, charge] : [fours]
  return [pan, ...groupings.flatMap((groups) => [groups.join(' '), groups.join('-')])]
}

/**
 * What base64 makes of a text with so many bytes before it, without the characters that depend on the neighbours. Both
 * alphabets; without the padding, which also depends on what follows.
 */
const base64Cores = (text: string, before: number): readonly string[] => {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)])
  const from = Math.ceil((before * 8) / 6)
  const to = Math.floor((bytes.length * 8) / 6)
  return [bytes.toString('base64').slice(from, to), bytes.toString('base64url').slice(from, to)]
}

const hexForms = (text: string): readonly string[] => {
  const hex = Buffer.from(text).toString('hex')
  return [hex, hex.toUpperCase()]
}

const codesOf = (pattern: RegExp): ReadonlySet<number> =>
  new Set(
    Array.from({ length: 128 }, (_, code) => code).filter((code) => pattern.test(String.fromCharCode(code))),
  )

const base64Codes = codesOf(/[A-Za-z0-9+/_=-]/)
const hexCodes = codesOf(/[0-9A-Fa-f]/)

const isBase64 = (code: number): boolean => base64Codes.has(code)
const isHex = (code: number): boolean => hexCodes.has(code)
