import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBase32, encodeBase32 } from './base32.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

// RFC 4648 §10, in lower case and without padding.
const vectors = [
  ['', ''],
  ['f', 'my'],
  ['fo', 'mzxq'],
  ['foo', 'mzxw6'],
  ['foob', 'mzxw6yq'],
  ['fooba', 'mzxw6ytb'],
  ['foobar', 'mzxw6ytboi'],
] as const

test.each(vectors)('"%s" is written and read as the RFC says', (text, encoded) => {
  expect(encodeBase32(bytesOf(text))).toBe(encoded)
  expect(decodeBase32(encoded)).toEqual(bytesOf(text))
})

test('bytes of any length come back as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(decodeBase32(encodeBase32(bytes))).toEqual(bytes)
    }),
    { seed: 1 },
  )
})

test('a text that is read is the only text of its bytes', () => {
  const letters = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567'.split(''))
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 30 }), (characters) => {
      const text = characters.join('')
      const bytes = decodeBase32(text)
      expect(bytes ? encodeBase32(bytes) : text).toBe(text)
    }),
    { seed: 2, numRuns: 1_000 },
  )
})

test.each([
  ['a capital letter', 'MY'],
  ['a digit outside of the alphabet', 'm0'],
  ['padding', 'my======'],
  ['a space', 'my '],
  ['a character of two code units', 'm\u{1f600}'],
  ['bits that no byte has', 'mz'],
  ['a character too many for its bytes', 'a'],
  ['a character too many behind whole bytes', 'mya'],
])('%s is refused', (_, text) => {
  expect(decodeBase32(text)).toBeUndefined()
})
