import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeBase32 } from '../kernel/base32.ts'
import { parseId, type TokenId } from '../kernel/ids.ts'
import { parseToken, spellBase32, spellPrefixed } from './spelling.ts'

// Written out once by Python's uuid and base64 modules.
const uuid = '0f8fad5b-d9cb-469f-a165-70867728950e'
const base32 = 'b6h22w6zzndj7ilfocdhokevby'
const token = uuid as TokenId

const letters = 'abcdefghijklmnopqrstuvwxyz234567'

const anyToken = fc.uuid({ version: 4 }).map((text) => text as TokenId)

test('a token is spelt in three ways, each of which is read back', () => {
  fc.assert(
    fc.property(anyToken, (id) => {
      expect(parseToken(id)).toBe(id)
      expect(parseToken(id.toUpperCase())).toBe(id)
      expect(parseToken(spellBase32(id))).toBe(id)
      expect(parseToken(spellPrefixed(id))).toBe(id)
      expect(spellBase32(id)).toMatch(/^[a-z2-7]{26}$/)
      expect(spellPrefixed(id)).toBe(`tok_${spellBase32(id)}`)
    }),
    { seed: 1 },
  )
})

test('every text that is read is one of the three spellings of what it was read as', () => {
  const near = fc
    .tuple(anyToken, fc.nat(25), fc.constantFrom(...letters.split('')))
    .map(([id, at, letter]) => {
      const text = spellBase32(id)
      return text.slice(0, at) + letter + text.slice(at + 1)
    })
  fc.assert(
    fc.property(near, (text) => {
      const id = parseToken(text)
      expect(id && parseId(id)).toBe(id)
      expect(id ? spellBase32(id) : text).toBe(text)
    }),
    { seed: 2, numRuns: 1_000 },
  )
})

/** The following letter of the alphabet: it sets the lowest bit, which the last of 26 characters has no byte for. */
const nextLetter = (letter: string): string => letters[letters.indexOf(letter) + 1] ?? 'b'

describe('what is almost a token is none', () => {
  const spelled = spellBase32(token)
  const versionOne = encodeBase32(Buffer.from(uuid.replaceAll('-', '').replace('469f', '169f'), 'hex'))
  test.each([
    ['nothing', ''],
    ['the prefix alone', 'tok_'],
    ['a UUID behind the prefix', `tok_${uuid}`],
    ['the prefix twice', `tok_tok_${spelled}`],
    ['the prefix in capitals', `TOK_${spelled}`],
    ['base32 in capitals', spelled.toUpperCase()],
    ['base32 with padding', `${spelled}======`],
    ['base32 one character short', spelled.slice(1)],
    ['base32 one character long', `${spelled}a`],
    ['a last character with bits that no byte has', spelled.slice(0, 25) + nextLetter(spelled.slice(25))],
    ['base32 of a UUID of another version', versionOne],
    ['a UUID of another version', uuid.replace('469f', '169f')],
    ['a UUID without hyphens', uuid.replaceAll('-', '')],
    ['a space before it', ` ${spelled}`],
    ['a line break behind it', `${spelled}\n`],
    ['26 characters of which one is foreign', `${spelled.slice(0, 25)}1`],
  ])('%s', (_, text) => {
    expect(parseToken(text)).toBeUndefined()
  })
})

test('the spellings of one token are as other programs write them', () => {
  expect(spellBase32(token)).toBe(base32)
})
