import { type AccessKeyId, parseId } from '@cardkeep/core/kernel/ids'
import type { Claims } from './claims.ts'
import { ownAudience, ownIssuer } from './own-tokens.ts'
import { isSignerText } from './signer-text.ts'
import type { SignerName } from './signers.ts'

/** A token as it came, before anything in it is believed. */
export interface ParsedToken {
  readonly claims: Claims
  /** By whom it may be signed, as it says itself. */
  readonly signerNames: readonly SignerName[]
}

const longestToken = 8 * 1024
/** A token for many audiences is looked up under each. */
const audiencesRead = 5

/**
 * The header and claims of a signed token in its compact form (RFC 7515, 7.1), with its signature spelled in the one way there
 * is; `undefined` for anything else. Of the header only the algorithm and the name of the key count: keys, and places to fetch
 * them from, are the sender's own word, and a `crit` asks for what is not done here (RFC 8725, 3.1 and 3.10).
 */
export const parseToken = (token: string): ParsedToken | undefined => {
  if (token.length > longestToken) return undefined
  const parts = token.split('.', 4)
  const [header, claims] = parts.map(readPart)
  if (parts.length !== 3 || !header || !claims || !isCanonical(parts[2] ?? '')) return undefined
  if (header['alg'] !== 'RS256' || header['crit'] !== undefined || !isAccessToken(header)) return undefined
  return { claims, signerNames: namesOf(header, claims) }
}

/**
 * Whoever signs access tokens may sign other things under the same key, and says so here (RFC 8725, 3.11; RFC 9068, 2.1). Many
 * say nothing.
 */
const isAccessToken = ({ typ }: Claims): boolean =>
  typ === undefined || (typeof typ === 'string' && /^(application\/)?(at\+)?jwt$/i.test(typ))

/** The vault's own tokens name a key by its id: any other text is looked up nowhere. */
const namesOf = ({ kid }: Claims, { iss, aud }: Claims): readonly SignerName[] => {
  if (iss === ownIssuer) {
    const id = typeof kid === 'string' && aud === ownAudience ? parseId<AccessKeyId>(kid) : undefined
    return id === undefined ? [] : [{ type: 'own', id }]
  }
  if (!isSignerText(iss)) return []
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud.slice(0, audiencesRead) : [aud]
  return audiences.filter(isSignerText).map((audience) => ({ type: 'trusted', issuer: iss, audience }))
}

const readPart = (part: string): Claims | undefined => {
  try {
    const value: unknown = JSON.parse(decoder.decode(Buffer.from(part, 'base64url')))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Claims)
      : undefined
  } catch {
    return undefined
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const isCanonical = (part: string): boolean =>
  part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part
