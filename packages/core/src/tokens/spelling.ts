import { decodeBase32, encodeBase32 } from '../kernel/base32.ts'
import { bytesOfId, idOfBytes, parseId, type TokenId } from '../kernel/ids.ts'

/*
 * One token, three spellings: the UUID, its 16 bytes as 26 characters of base32, and those behind `tok_`.
 * Every dialect accepts all three and prints its own. wire: ozura §tokenize, inferred
 */

const base32 = /^[a-z2-7]{26}$/

export const parseToken = (text: string): TokenId | undefined => {
  const bare = text.startsWith('tok_') ? text.slice(4) : text
  if (!base32.test(bare)) return bare === text ? parseId<TokenId>(text) : undefined
  const bytes = decodeBase32(bare)
  return bytes && idOfBytes<TokenId>(bytes)
}

/** 26 characters of lower-case base32. */
export const spellBase32 = (token: TokenId): string => encodeBase32(bytesOfId(token))

/** `tok_` and 26 characters of lower-case base32. */
export const spellPrefixed = (token: TokenId): string => `tok_${spellBase32(token)}`
