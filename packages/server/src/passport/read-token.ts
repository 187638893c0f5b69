import { createHash } from 'node:crypto'
import { type CredentialId, parseId } from '@cardkeep/core/kernel/ids'
import { ok, refuse } from '@cardkeep/core/kernel/result'
import { openSecret } from '@cardkeep/core/kernel/secret'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import { isGood } from '@cardkeep/core/tenants/credential-use'
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { readClaims, skewMs, type TokenFacts } from './claims.ts'
import { parseToken } from './parse-token.ts'
import type { Passport, PassportPorts } from './passport.ts'
import { narrow } from './scopes.ts'
import { findSigner, type Signer, type SignerName } from './signers.ts'

/** The one algorithm: with more than one a token could choose. */
const algorithms = ['RS256']

const tokensRemembered = 10_000
const keySetsRemembered = 1_000

/** What was verified once, and by which keys. */
interface Verified {
  readonly signerName: SignerName
  readonly jwks: string
  readonly facts: TokenFacts
}

/**
 * Reads access tokens. A signature that was verified is remembered under a digest of its token for as long as the token is
 * good. Only that: the keys that verified it and the credential that it stands for are looked up at each request, so that
 * what an operator takes away is gone at once.
 */
export const createTokenReader = ({ store, clock }: PassportPorts): Passport['read'] => {
  const remembered = createMemory<Verified>(tokensRemembered)
  const keySets = createMemory<ReturnType<typeof createLocalJWKSet>>(keySetsRemembered)

  const keysOf = (jwks: string): ReturnType<typeof createLocalJWKSet> =>
    keySets.find(jwks) ?? keySets.keep(jwks, createLocalJWKSet(JSON.parse(jwks) as JSONWebKeySet))

  const verify = async (token: string, at: EpochMs): Promise<Verified | undefined> => {
    const parsed = parseToken(token)
    // Cheap things first: what has ended needs no proof of who signed it.
    const facts = parsed && readClaims(parsed.claims, at)
    if (!parsed || !facts) return undefined
    for (const signerName of parsed.signerNames) {
      const signer = await findSigner(store, signerName)
      if (!signer) continue
      const isSigned = await compactVerify(token, keysOf(signer.jwks), { algorithms }).then(
        () => true,
        () => false,
      )
      return isSigned ? { signerName, jwks: signer.jwks, facts } : undefined
    }
    return undefined
  }

  const find = async (token: string): Promise<Verified | undefined> => {
    const at = clock.now()
    const name = createHash('sha256').update(token).digest('base64')
    const known = remembered.find(name)
    if (known && at < known.facts.expiresAt) return known
    const verified = await verify(token, at)
    return verified && remembered.keep(name, verified)
  }

  return async (token) => {
    const verified = await find(openSecret(token, 'authenticate'))
    if (!verified) return unknown
    const signer = await findSigner(store, verified.signerName)
    const id = signer?.jwks === verified.jwks ? credentialOf(signer, verified.facts) : undefined
    const credential = id === undefined ? undefined : await store.credential(id)
    if (!signer || !credential || !fits(credential.tenantId, signer, verified.facts)) return unknown
    if (credential.dialect !== 'pismo' || !isGood(credential, clock.now())) return refuse({ credential })
    const { accountId, scopes } = verified.facts
    return ok({ credential, accountId, permissions: narrow(credential.permissions, scopes) })
  }
}

const unknown = refuse({ credential: undefined })

/** Whom a token stands for by its signer: the vault names a credential in each, others stand for one credential. */
const credentialOf = (signer: Signer, { subject, issuedAt }: TokenFacts): CredentialId | undefined => {
  if (signer.type === 'trusted') return signer.credentialId
  const signsNoMore = signer.retiredAt !== undefined && issuedAt > signer.retiredAt + skewMs
  return signsNoMore ? undefined : parseId<CredentialId>(subject)
}

/**
 * An issuer's key signs for its own tenant alone, whatever a token says. A token without an account is for all of the tenant's:
 * the vault itself says that, and nobody says it by leaving a claim out.
 */
const fits = (tenantId: string, signer: Signer, facts: TokenFacts): boolean =>
  signer.type === 'trusted'
    ? facts.accountId !== undefined && (facts.tenantId === undefined || facts.tenantId === tenantId)
    : facts.tenantId === tenantId && signer.tenantId === tenantId

interface Memory<Value> {
  find(name: string): Value | undefined
  keep(name: string, value: Value): Value
}

/** Forgets the oldest when it is full. */
const createMemory = <Value>(limit: number): Memory<Value> => {
  const values = new Map<string, Value>()
  return {
    find: (name) => values.get(name),
    keep: (name, value) => {
      values.delete(name)
      values.set(name, value)
      const [oldest] = values.keys()
      if (values.size > limit && oldest !== undefined) values.delete(oldest)
      return value
    },
  }
}
