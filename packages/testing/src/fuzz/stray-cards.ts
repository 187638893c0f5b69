import fc from 'fast-check'
import { testCards } from '../canary/cards.ts'

const numbers: readonly string[] = Object.values(testCards)

/** Zero to nine as they are written somewhere; most often as in ASCII. */
const scripts: readonly (readonly string[])[] = [
  ...[0x30, 0x30, 0x30, 0xff10, 0x0660, 0x1d7ce].map((zero) =>
    Array.from({ length: 10 }, (_, digit) => String.fromCodePoint(zero + digit)),
  ),
  Array.from('⁰¹²³⁴⁵⁶⁷⁸⁹'),
  Array.from('⓪①②③④⑤⑥⑦⑧⑨'),
]
const separators = ['', '', ' ', '-', '.', ' - ', '\u00a0', '_', '/']

/** A card number as somebody may write it where it does not belong. */
export const strayCards: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...numbers), fc.constantFrom(...separators), fc.constantFrom(...scripts))
  .map(([number, between, script]) =>
    number
      .replaceAll(/(\d{4})(?=\d)/g, `$1${between}`)
      .replaceAll(/\d/g, (digit) => script[Number(digit)] ?? ''),
  )

/** Whether one of these stands in a text, in digits of any script and whatever stands between them. */
export const holdsStrayCard = (text: string): boolean => {
  const digits = text.replaceAll(/\p{N}/gu, toAscii).replaceAll(/[^0-9]/g, '')
  return numbers.some((number) => digits.includes(number))
}

const toAscii = (digit: string): string => {
  const script = scripts.find((one) => one.includes(digit))
  return script === undefined ? digit : String(script.indexOf(digit))
}
