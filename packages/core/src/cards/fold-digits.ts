/** Every digit as one of ASCII. Digits in circles become one only where Unicode says which they are, so others are named. */
export const foldDigits = (text: string): string =>
  text
    .replaceAll(/\p{No}/gu, foldCircled)
    .normalize('NFKC')
    .replaceAll(/(?![0-9])\p{Nd}/gu, foldDigit)

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
