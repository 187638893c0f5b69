/** The digits of a text as 0 to 9, whatever keyboard they were typed on; everything else is left out. */
export const digitsIn = (text: string): string =>
  text
    .normalize('NFKC')
    .split('')
    .map((character) => digitOf(character.charCodeAt(0)))
    .join('')

/** Where the digits of ASCII, of Arabic, of Persian and Urdu, and of Hindi begin; NFKC has settled the wide ones. */
const zeros = [0x30, 0x660, 0x6f0, 0x966]

const digitOf = (code: number): string => {
  const zero = zeros.find((begin) => code >= begin && code < begin + 10)
  return zero === undefined ? '' : String(code - zero)
}
