import { decodeBase32, encodeBase32 } from '../kernel/base32.ts'
import { parseId, type TokenId } from '../kernel/ids.ts'

/*
 * One token, three spellings: the UUID, its 16 bytes as 26 characters of base32, and those behind `tok_`.
 * Every dialect accepts all three and prints its own.
 */

const base32 = /^[a-z2-7]{26}$/

export const parseToken = (text: string): TokenId | undefined => {
  const bare = text.startsWith('tok_') ? text.slice(4) : text
  if (!base32.test(bare)) return bare === text ? parseId<TokenId>(text) : undefined
  const bytes = decodeBase32(bare)
  return bytes && parseId<TokenId>(hyphenate(hex(bytes)))
}

/** 26 characters of lower-case base32. */
export const spellBase32 = (token: TokenId): string => encodeBase32(unhex(token.replaceAll('-', '')))

/** `tok_` and 26 characters of lower-case base32. */
export const spellPrefixed = (token: TokenId): string => `tok_${spellBase32(token)}`

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

const unhex = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length / 2 }, (_, at) => Number.parseInt(text.slice(at * 2, at * 2 + 2), 16))

const hyphenate = (text: string): string =>
  [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-')
