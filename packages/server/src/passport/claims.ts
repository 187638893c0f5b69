import { accountIdAtMost } from '@cardkeep/core/issuing/issued-card'
import { accessTokenLifetimeMs } from '@cardkeep/core/issuing/issuer'
import { parseId, type TenantId } from '@cardkeep/core/kernel/ids'
import { type EpochMs, epochMs, minuteMs, secondMs } from '@cardkeep/core/kernel/time'

export type Claims = Readonly<Record<string, unknown>>

/** What a token says, wherever it comes from; believed only once its signature is verified. */
export interface TokenFacts {
  readonly subject: string
  /** `undefined`: it names no tenant. */
  readonly tenantId: TenantId | undefined
  /** Whose cards it reaches; `undefined`: it names no account. */
  readonly accountId: number | undefined
  /** `undefined`: it names none. */
  readonly scopes: readonly string[] | undefined
  readonly issuedAt: EpochMs
  readonly expiresAt: EpochMs
}

/** By how much the clocks of two machines may differ. */
export const skewMs = minuteMs

/**
 * The facts of a token that is good at this time; `undefined` where it is not, or where a claim has a form that could mean
 * more than one thing. What it does not say narrows nothing, so a claim that cannot be read must never count as not there.
 */
export const readClaims = (claims: Claims, at: EpochMs): TokenFacts | undefined => {
  const times = readTimes(claims, at)
  const account = readAccount(claims)
  const scopes = readScopes(claims)
  const tenant = claims['tenant_id']
  const tenantId = typeof tenant === 'string' ? readTenant(tenant) : undefined
  if (!times || !account || !scopes || typeof claims['sub'] !== 'string') return undefined
  if (tenant !== undefined && tenantId === undefined) return undefined
  return {
    subject: claims['sub'],
    tenantId,
    accountId: account.id,
    scopes: scopes.words,
    ...times,
  }
}

/** wire: pismo §tokens, verified: `exp` is `iat` and 3,600 seconds at most. */
const readTimes = (
  { iat, exp, nbf }: Claims,
  at: EpochMs,
): Pick<TokenFacts, 'issuedAt' | 'expiresAt'> | undefined => {
  const issuedAt = readTime(iat)
  const expiresAt = readTime(exp)
  const notBefore = nbf === undefined ? issuedAt : readTime(nbf)
  if (issuedAt === undefined || expiresAt === undefined || notBefore === undefined) return undefined
  const isInTime = at < expiresAt && issuedAt <= at + skewMs && notBefore <= at + skewMs
  return isInTime && expiresAt - issuedAt <= accessTokenLifetimeMs ? { issuedAt, expiresAt } : undefined
}

/** A NumericDate (RFC 7519, 2); what JSON makes infinite is none. */
const readTime = (seconds: unknown): EpochMs | undefined =>
  typeof seconds === 'number' && Number.isFinite(seconds) ? epochMs(seconds * secondMs) : undefined

/** wire: pismo §tokens, verified: `uid` or `account_id`. An account that is named in another way is not known here. */
const readAccount = (claims: Claims): { readonly id: number | undefined } | undefined => {
  if (claims['external_account_id'] !== undefined) return undefined
  const named = [claims['uid'], claims['account_id']].filter((value) => value !== undefined)
  const ids = named.map(readAccountId)
  const [id] = ids
  return ids.every((one) => one !== undefined && one === id) ? { id } : undefined
}

const readAccountId = (value: unknown): number | undefined => {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string' || !/^[1-9]\d{0,15}$/.test(text)) return undefined
  return Number(text) <= accountIdAtMost ? Number(text) : undefined
}

/** `scope` (RFC 8693, 4.2), or `scp`, as some spell it: a text, or a list. A token with two that differ is refused. */
const readScopes = (claims: Claims): { readonly words: readonly string[] | undefined } | undefined => {
  const { scope, scp } = claims
  if (scope !== undefined && typeof scope !== 'string') return undefined
  const named = [scope, scp].filter((value) => value !== undefined).map(readWords)
  const [words] = named
  return named.every((one) => one !== undefined && one.join(' ') === words?.join(' ')) ? { words } : undefined
}

const readWords = (value: unknown): readonly string[] | undefined => {
  const words: unknown = typeof value === 'string' ? value.split(' ') : value
  return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : undefined
}

/** wire: pismo §tokens, verified: `TN-` and a UUID. */
const readTenant = (text: string): TenantId | undefined => parseId<TenantId>(text.replace(/^TN-/, ''))
