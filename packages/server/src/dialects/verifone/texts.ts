import { isCardNumber } from '../../log/scrub.ts'

/*
 * Names and email addresses are told again in clear, so no card number may stand in one, however it is spelled: in digits of
 * any script, full-width, raised or in circles, and with anything between them.
 */

const longestNumber = 19
const shortestNumber = 13
const tooManyDigits = 12

/** Whether as many digits stand in it as a card number has, or nearly. */
export const holdsManyDigits = (text: string): boolean =>
  (foldDigits(text).match(/[0-9]/g)?.length ?? 0) >= tooManyDigits

/** Whether a card number stands in it, beside other digits too. Letters part numbers, and nothing else does. */
export const holdsCardNumber = (text: string): boolean =>
  (
    foldDigits(text)
      .replaceAll(/[^\p{L}\p{N}]/gu, '')
      .match(/[0-9]+/g) ?? []
  ).some(hasNumberIn)

const hasNumberIn = (digits: string): boolean => {
  for (let from = 0; from + shortestNumber <= digits.length; from++)
    for (let length = shortestNumber; length <= longestNumber && from + length <= digits.length; length++)
      if (isCardNumber(digits.slice(from, from + length))) return true
  return false
}

/** Every digit as one of ASCII. Digits in circles become one only where Unicode says which they are, so others are named. */
const foldDigits = (text: string): string =>
  text
    .replaceAll(/\p{No}/gu, foldCircled)
    .normalize('NFKC')
    .replaceAll(/\p{Nd}/gu, foldDigit)

/** Zero to nine of one script follow one another, and scripts may follow one another too. */
const foldDigit = (digit: string): string => {
  const at = digit.codePointAt(0) ?? 0
  let before = 0
  while (/\p{Nd}/u.test(String.fromCodePoint(at - before - 1))) before++
  return String(before % 10)
}

/** Where one, two and so on to nine begin in circles of which Unicode does not say what they are, and their zeros. */
const circledOnes = [0x24f5, 0x2776, 0x2780, 0x278a]
const circledZeros = [0x24ff, 0x1f10b, 0x1f10c]

const foldCircled = (sign: string): string => {
  const at = sign.codePointAt(0) ?? 0
  if (circledZeros.includes(at)) return '0'
  const one = circledOnes.find((first) => at >= first && at < first + 9)
  return one === undefined ? sign : String(at - one + 1)
}
