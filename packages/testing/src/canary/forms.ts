import { passesLuhn } from '@cardkeep/core/cards/luhn'
import { loadPrefix } from './cards.ts'

/** How a number was written down. */
export type Form = 'plain' | 'spaced' | 'dashed' | 'reversed' | 'hex' | 'base64'

export interface Hit {
  /** The canary's name, or `load` for a number of the load range; never the number. */
  readonly name: string
  readonly form: Form
}

export type Canaries = Readonly<Record<string, string>>

/** The longest that any form can be, with room for what stands around it. */
export const longestForm = 128

/** Every canary in a text of single-byte characters, in whatever form. */
export const findHits = (text: string, canaries: Canaries): readonly Hit[] => [
  ...[...text.matchAll(digitRun)].flatMap(([run]) => findInRun(run, canaries)),
  ...[...text.matchAll(base64Digits)].flatMap((match) =>
    findNumbers(decodeAround(text, match), canaries).map(({ name }): Hit => ({ name, form: 'base64' })),
  ),
]

/** Digits with at most one space or dash between two; the shortest card number has 13. */
const digitRun = /\d(?:[ -]?\d){12,}/g

/** In the hexadecimal form of ASCII a digit is a 3 and the digit, so it has no letters and both cases are one. */
const hexDigits = /(?:3\d){13,}/g

/**
 * Three ASCII digits that fill a base64 group can only be these characters, in either alphabet. At any alignment the
 * shortest card number fills three groups.
 */
const base64Digits = /(?:[M-O][DTjz][AEIMQUYcgk][w-z0-5]){3,}/g

const findInRun = (run: string, canaries: Canaries): readonly Hit[] => {
  const digits = run.replace(/[ -]/g, '')
  const reversed = digits.split('').toReversed().join('')
  const decoded = [...digits.matchAll(hexDigits)].map(([hex]) => Buffer.from(hex, 'hex').toString('latin1'))
  return [
    ...findNumbers(digits, canaries).map(({ name, at, length }) => ({ name, form: formOf(run, at, length) })),
    ...findNumbers(reversed, canaries).map(({ name }): Hit => ({ name, form: 'reversed' })),
    ...decoded.flatMap((text) => findNumbers(text, canaries)).map(({ name }): Hit => ({ name, form: 'hex' })),
  ]
}

interface Found {
  readonly name: string
  readonly at: number
  readonly length: number
}

const loadNumber = new RegExp(`(?=(${loadPrefix}\\d{9}))`, 'g')

const findNumbers = (digits: string, canaries: Canaries): readonly Found[] => {
  const named = Object.entries(canaries).flatMap(([name, number]) => {
    const at = digits.indexOf(number)
    return at < 0 ? [] : [{ name, at, length: number.length }]
  })
  const load = [...digits.matchAll(loadNumber)].filter(([, number = '']) => passesLuhn(number))
  return [...named, ...load.map(({ index }) => ({ name: 'load', at: index, length: 16 }))]
}

/** What separates the digits `at` and following in the run as it was written. */
const formOf = (run: string, at: number, length: number): Form => {
  const places = [...run.matchAll(/\d/g)].map(({ index }) => index)
  const written = run.slice(places[at], places[at + length - 1])
  if (written.includes(' ')) return 'spaced'
  return written.includes('-') ? 'dashed' : 'plain'
}

/** The decoded groups of a match with the group before and the characters behind, in which the number may begin and end. */
const decodeAround = (text: string, { 0: groups, index }: RegExpExecArray): string => {
  const before = text.slice(Math.max(0, index - 4), index).match(/[A-Za-z0-9+/_-]{4}$/)?.[0] ?? ''
  const after =
    text.slice(index + groups.length, index + groups.length + 4).match(/^[A-Za-z0-9+/_-]*/)?.[0] ?? ''
  return Buffer.from(before + groups + after, 'base64').toString('latin1')
}
