import { ok, type Result, refuse } from '../kernel/result.ts'
import { type BinRecord, type Funding, fundings, type Segment, segments } from './bin.ts'

export const binFields = [
  'bin',
  'brand',
  'funding',
  'segment',
  'product',
  'issuer',
  'country',
  'currency',
] as const
export type BinField = (typeof binFields)[number]

/** What is wrong with a row. It never quotes the row: a card number may stand where a BIN should. */
export interface BinFault {
  readonly field: BinField
  /** The form that the field should have. */
  readonly wanted: string
}

/** A row of an operator's table. What is missing or empty stays unknown; letters may be of either case. */
export const parseBin = (
  row: Readonly<Partial<Record<BinField, string>>>,
): Result<BinRecord, readonly BinFault[]> => {
  const faults: BinFault[] = []
  const read = <T>(
    field: BinField,
    wanted: string,
    parse: (text: string) => T | undefined,
  ): T | undefined => {
    const text = row[field]?.trim() ?? ''
    if (text === '') return undefined
    const value = parse(text)
    if (value === undefined) faults.push({ field, wanted })
    return value
  }
  const prefix = read('bin', prefixForm, (text) => (isPrefix(text) ? text : undefined))
  if (prefix === undefined && faults.length === 0) faults.push({ field: 'bin', wanted: prefixForm })
  const words = (field: BinField) => read(field, wordsForm, (text) => (isWords(text) ? text : undefined))
  const bin = {
    prefix: prefix ?? '',
    brand: words('brand'),
    funding: read('funding', fundingForm, (text) => findWord<Funding>(fundings, text)),
    segment: read('segment', segmentForm, (text) => findWord<Segment>(segments, text)),
    product: words('product'),
    issuer: words('issuer'),
    country: read('country', 'two letters, as in ISO 3166-1', (text) => asLetters(text, 2)),
    currency: read('currency', 'three letters, as in ISO 4217', (text) => asLetters(text, 3)),
  }
  return faults.length === 0 ? ok(bin) : refuse(faults)
}

const prefixForm = '6 to 8 digits'
export const isPrefix = (text: string): boolean => /^\d{6,8}$/.test(text)

const wordsForm = 'at most 100 characters on one line, and no card number'
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\ufffd]/u
/** As many digits as a card number has, in any script, with no letter between two of them. */
const manyDigits = /(?:\p{N}[^\p{L}\p{N}]*){13}/u

const isWords = (text: string): boolean =>
  text.length <= 100 && !unprintable.test(text) && !manyDigits.test(text)

const fundingForm = `one of ${fundings.join(', ')}`
const segmentForm = `one of ${segments.join(', ')}`

const findWord = <Word extends string>(words: readonly Word[], text: string): Word | undefined =>
  words.find((word) => word === text.toLowerCase())

const asLetters = (text: string, length: number): string | undefined => {
  const letters = text.toUpperCase()
  return letters.length === length && /^[A-Z]+$/.test(letters) ? letters : undefined
}
