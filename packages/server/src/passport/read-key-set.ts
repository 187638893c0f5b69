import { createPublicKey, type JsonWebKey } from 'node:crypto'

const keysAllowed = 20
const leastBits = 2048
const mostBits = 8192

/**
 * Of a JSON Web Key Set (RFC 7517, 5) the public keys that verify RS256, with what names and describes them and nothing else;
 * `undefined` where there is none, where there are too many, or where one of them has its private half with it.
 */
export const readKeySet = (text: string): { readonly jwks: string; readonly keys: number } | undefined => {
  const listed = readKeys(text)
  if (!listed || listed.some(isPrivate)) return undefined
  const keys = listed.flatMap(readKey)
  return keys.length > 0 && keys.length <= keysAllowed
    ? { jwks: JSON.stringify({ keys }), keys: keys.length }
    : undefined
}

type Listed = Readonly<Record<string, unknown>>

const readKeys = (text: string): readonly Listed[] | undefined => {
  try {
    const set: unknown = JSON.parse(text)
    const keys: unknown = (set as { keys?: unknown } | null)?.keys
    return Array.isArray(keys) && keys.every(isListed) ? keys : undefined
  } catch {
    return undefined
  }
}

const isListed = (key: unknown): key is Listed => typeof key === 'object' && key !== null

/** RFC 7518, 6.2.2, 6.3.2 and 6.4: what only whoever signs should have. */
const privateParts = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

const isPrivate = (key: Listed): boolean => privateParts.some((part) => key[part] !== undefined)

const readKey = (key: Listed): readonly JsonWebKey[] => {
  const { kty, n, e, kid, alg, use } = key
  if (kty !== 'RSA' || typeof n !== 'string' || typeof e !== 'string') return []
  if ((alg ?? 'RS256') !== 'RS256' || (use ?? 'sig') !== 'sig' || !isStrong({ kty, n, e })) return []
  return [{ kty, n, e, alg: 'RS256', use: 'sig', ...(typeof kid === 'string' && { kid }) }]
}

const isStrong = (key: JsonWebKey): boolean => {
  try {
    const { modulusLength: bits = 0, publicExponent: exponent = 0n } =
      createPublicKey({ key, format: 'jwk' }).asymmetricKeyDetails ?? {}
    return bits >= leastBits && bits <= mostBits && isExponent(exponent)
  } catch {
    return false
  }
}

/** With an exponent of one everybody can sign. Old keys have 3, all others an odd one from 65,537 (NIST SP 800-56B, 6.2). */
const isExponent = (exponent: bigint): boolean =>
  exponent === 3n || (exponent >= 65_537n && exponent % 2n === 1n)
