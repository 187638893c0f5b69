import { createCipheriv, createDecipheriv } from 'node:crypto'

/** Card verification keys, each of 16 hexadecimal digits. */
export interface CvkPair {
  readonly a: string
  readonly b: string
}

/** The CVV by the published steps, one at a time, as an issuer's own system would make it. */
export const cvvOf = (
  { a, b }: CvkPair,
  card: { readonly number: string; readonly expiry: string; readonly serviceCode: string },
): string => {
  const [month = '', year = ''] = card.expiry.split('/')
  const digits = (card.number + year + month + card.serviceCode).padEnd(32, '0')
  const first = encrypt(a, Buffer.from(digits.slice(0, 16), 'hex'))
  const added = xor(first, Buffer.from(digits.slice(16), 'hex'))
  const result = encrypt(a, decrypt(b, encrypt(a, added))).toString('hex')
  const letters = result
    .replace(/\d/g, '')
    .replace(/[a-f]/g, (letter) => String(Number.parseInt(letter, 16) - 10))
  return (result.replace(/\D/g, '') + letters).slice(0, 3)
}

/** The first three bytes of eight zero bytes under a key. */
export const checkValueOf = (key: string): string =>
  encrypt(key, Buffer.alloc(8)).toString('hex').slice(0, 6).toUpperCase()

/** Components of which the pair is made, at random but the last: together by XOR they are the pair. */
export const splitPair = (pair: CvkPair, random: readonly CvkPair[]): readonly CvkPair[] => {
  const last = (name: keyof CvkPair): string =>
    random
      .reduce<Buffer>((sum, part) => xor(sum, Buffer.from(part[name], 'hex')), Buffer.from(pair[name], 'hex'))
      .toString('hex')
      .toUpperCase()
  return [...random, { a: last('a'), b: last('b') }]
}

const xor = (one: Buffer, other: Buffer): Buffer =>
  Buffer.from(one.map((byte, at) => byte ^ (other[at] ?? 0)))

/** Single DES: Triple DES under one key three times. */
const keyOf = (key: string): Buffer => Buffer.from(key.repeat(3), 'hex')

const encrypt = (key: string, block: Buffer): Buffer => {
  const cipher = createCipheriv('des-ede3', keyOf(key), null).setAutoPadding(false)
  return Buffer.concat([cipher.update(block), cipher.final()])
}

const decrypt = (key: string, block: Buffer): Buffer => {
  const decipher = createDecipheriv('des-ede3', keyOf(key), null).setAutoPadding(false)
  return Buffer.concat([decipher.update(block), decipher.final()])
}
