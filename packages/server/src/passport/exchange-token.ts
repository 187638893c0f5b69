import { createPrivateKey } from 'node:crypto'
import { type AccessKey, accessTokenLifetimeMs } from '@cardkeep/core/issuing/issuer'
import { type CredentialId, parseId } from '@cardkeep/core/kernel/ids'
import { ok, refuse } from '@cardkeep/core/kernel/result'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { type EpochMs, secondMs } from '@cardkeep/core/kernel/time'
import { auditOf } from '@cardkeep/core/operations/caller'
import type { Credential } from '@cardkeep/core/tenants/tenant'
import { SignJWT } from 'jose'
import { ownAudience, ownIssuer } from './own-tokens.ts'
import type { Passport, PassportPorts, TokenWish } from './passport.ts'
import { type CardScope, grantScopes } from './scopes.ts'

/** Makes access tokens for clients that prove themselves. */
export const createExchange =
  (ports: PassportPorts): Passport['exchange'] =>
  async (visitor, wish) => {
    const { store, clock, prove } = ports
    const proven = await prove(visitor, {
      id: parseId<CredentialId>(wish.clientId),
      secret: wish.clientSecret,
    })
    if (!proven.ok) return proven
    const credential = proven.value
    const scopes = grantScopes(wish.scopes)
    if (scopes.length === 0) return refuse({ type: 'InvalidField', field: 'scope' })
    const { tenantId } = credential
    const tenant = await store.tenant(tenantId)
    const key = (await store.accessKeys(tenantId)).findLast(({ retiredAt }) => retiredAt === undefined)
    // Nobody but an issuer has one.
    if (!tenant || !key) return refuse({ type: 'IssuerNotReady', reason: 'not enabled' })

    const at = clock.now()
    const token = await sign(ports, key, { credential, scopes, accountId: wish.accountId, at })
    // What it is for is durable before anybody can use it.
    const principal = { tenant, credentialId: credential.id, permissions: credential.permissions }
    await store.commit([
      auditOf(
        { principal, ...visitor },
        at,
        'access-token.issued',
        'success',
        { type: 'access-key', id: key.id },
        {
          scope: scopes.join(' '),
          ...(wish.accountId !== undefined && { accountId: wish.accountId }),
        },
      ),
    ])
    return ok({ token, lifetimeSeconds: accessTokenLifetimeMs / secondMs, scopes })
  }

interface TokenContent extends Pick<TokenWish, 'accountId'> {
  readonly credential: Credential
  readonly scopes: readonly CardScope[]
  readonly at: EpochMs
}

/** wire: pismo §tokens: the claims verified; their values here, and RS256, inferred */
const sign = async (
  { sealer }: PassportPorts,
  key: AccessKey,
  { credential, accountId, scopes, at }: TokenContent,
): Promise<Secret<string>> => {
  const pem = await sealer.open(key, key.sealedPrivateKey)
  const issuedAt = Math.floor(at / secondMs)
  const token = await new SignJWT({
    tenant_id: `TN-${credential.tenantId}`,
    ...(accountId !== undefined && { uid: String(accountId) }),
    scope: scopes.join(' '),
  })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: key.id })
    .setIssuer(ownIssuer)
    .setAudience(ownAudience)
    .setSubject(credential.id)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + accessTokenLifetimeMs / secondMs)
    .sign(createPrivateKey(openSecret(pem, 'load key')))
  return new Secret(token)
}
