import { openSecret } from '../kernel/secret.ts'
import type { Pan } from './pan.ts'

export type Scheme =
  | 'visa'
  | 'mastercard'
  | 'amex'
  | 'discover'
  | 'diners'
  | 'jcb'
  | 'unionpay'
  | 'maestro'
  | 'elo'
  | 'hipercard'
  | 'mir'
  | 'rupay'
  | 'troy'
  | 'verve'
  | 'unknown'

/**
 * Prefixes as the schemes publish them, alone or from first to last; of several that hold a number the longest wins.
 * A prefix that is shared, or that no scheme has published as its own, is left out: a number of no known scheme is
 * taken as it is, while one that is taken for another scheme's would be refused over its code.
 */
const prefixes: Readonly<Record<Exclude<Scheme, 'unknown'>, readonly string[]>> = {
  // 13, 16 or 19 digits
  visa: ['4'],
  mastercard: ['51-55', '2221-2720'],
  amex: ['34', '37'],
  // 622126-622925 is accepted by its network and stays UnionPay, whose cards these are.
  discover: ['6011', '644-649', '65'],
  diners: ['300-305', '3095', '36', '38-39'],
  // Those below 3528 were given out before it was the scheme's only range, and 1800 and 2131 with 15 digits.
  jcb: ['3528-3589', '1800', '2131', '3088-3094', '3096-3102', '3112-3120', '3158-3159', '3337-3349'],
  unionpay: ['62', '8100-8171'],
  // What else begins with 50 or 6 is shared with schemes of single countries.
  maestro: ['5018', '5020', '5038', '56-58', '6304', '67'],
  elo: [
    ...['401178-401179', '431274', '438935', '451416', '457393', '457631-457632', '504175', '506699-506778'],
    ...['509000-509999', '627780', '636297', '636368', '650031-650033', '650035-650051', '650405-650439'],
    ...['650485-650538', '650541-650598', '650700-650718', '650720-650727', '650901-650978'],
    ...['651652-651679', '655000-655019', '655021-655058'],
  ],
  hipercard: ['606282'],
  mir: ['2200-2204'],
  rupay: ['508500-508999', '606985-607984', '608001-608500', '652150-653149', '817200-820199'],
  troy: ['9792'],
  verve: ['506099-506198', '507865-507964', '650002-650027'],
}

interface Range {
  readonly scheme: Scheme
  /** Of equal length. */
  readonly from: string
  readonly to: string
}

const readRange = (scheme: Scheme, text: string): Range => {
  const [from = '', to = from] = text.split('-')
  return { scheme, from, to }
}

const schemes = Object.keys(prefixes) as Exclude<Scheme, 'unknown'>[]

const longestFirst = schemes
  .flatMap((scheme) => prefixes[scheme].map((text) => readRange(scheme, text)))
  .toSorted((a, b) => b.from.length - a.from.length)

/** By the first digit, which leaves few to look through: no range goes from one first digit to the next. */
const rangesByDigit = Array.from({ length: 10 }, (_, digit) =>
  longestFirst.filter(({ from }) => from.startsWith(String(digit))),
)

export const schemeOf = (pan: Pan): Scheme => schemeOfDigits(openSecret(pan, 'check'))

/** Of a number, or of its first six digits or more. */
export const schemeOfDigits = (digits: string): Scheme => {
  const range = rangesByDigit[Number(digits[0])]?.find(({ from, to }) => {
    const prefix = digits.slice(0, from.length)
    return prefix >= from && prefix <= to
  })
  return range?.scheme ?? 'unknown'
}

/** How many digits a security code of the scheme has. A card of no known scheme may have either. */
export const codeLengths: Record<Scheme, readonly number[]> = {
  visa: [3],
  mastercard: [3],
  amex: [4],
  discover: [3],
  diners: [3],
  jcb: [3],
  unionpay: [3],
  maestro: [3],
  elo: [3],
  hipercard: [3],
  mir: [3],
  rupay: [3],
  troy: [3],
  verve: [3],
  unknown: [3, 4],
}

/** How many digits a card number of the scheme has. Of a scheme that is not known nothing can be said. */
export const numberLengths: Record<Scheme, readonly number[]> = {
  visa: [13, 16, 19],
  mastercard: [16],
  amex: [15],
  discover: [16, 19],
  diners: [14, 16, 19],
  jcb: [15, 16, 17, 18, 19],
  unionpay: [16, 17, 18, 19],
  maestro: [13, 14, 15, 16, 17, 18, 19],
  elo: [16],
  hipercard: [13, 16, 19],
  mir: [16, 17, 18, 19],
  rupay: [16],
  troy: [16],
  verve: [16, 18, 19],
  unknown: [],
}
