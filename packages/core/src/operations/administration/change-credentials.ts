import type { TrustedIssuer } from '../../issuing/issuer.ts'
import type { CredentialId } from '../../kernel/ids.ts'
import { done, ok, type Result, refuse } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { Clock, Store } from '../../ports.ts'
import { isGood, keysPerUser, userOf } from '../../tenants/credential-use.ts'
import type { Credential, Tenant } from '../../tenants/tenant.ts'
import { type Operator, type OperatorRefusal, operatorAudit } from '../operator.ts'

type Ports = { readonly store: Store; readonly clock: Clock }

export interface NewCredential
  extends Pick<Credential, 'id' | 'dialect' | 'permissions' | 'hash' | 'publicKey' | 'expiresAt'> {
  /** Whose tokens count as this credential. */
  readonly trusts?: Omit<TrustedIssuer, 'credentialId'> | undefined
}

const attempts = 8

/** Keeps what proves a credential. Whoever made the secret shows it once; here it is only a hash. */
export const createCredential = async (
  { store, clock }: Ports,
  operator: Operator,
  tenant: Tenant,
  { trusts, ...made }: NewCredential,
): Promise<Result<Credential, OperatorRefusal>> => {
  const at = clock.now()
  const credential: Credential = {
    ...made,
    tenantId: tenant.id,
    createdAt: at,
    revokedAt: undefined,
    lastUsedAt: undefined,
    disabledAt: undefined,
  }
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (!(await hasRoom(store, made, at))) return refuse({ type: 'TooManyCredentials' })
    if (trusts && (await isTrusted(store, trusts))) return refuse({ type: 'IssuerTrustedAlready' })
    const committed = await store.commit([
      { type: 'put-credential', credential },
      ...(trusts ? [{ type: 'trust-issuer', trusted: { credentialId: made.id, ...trusts } } as const] : []),
      operatorAudit(operator, at, 'credential.created', { type: 'credential', id: made.id }, tenant.id, {
        dialect: made.dialect,
        permissions: made.permissions.join(' '),
        ...(trusts && { issuer: trusts.issuer, audience: trusts.audience }),
      }),
    ])
    if (committed.ok) return ok(credential)
    // Of several of one user that come at once, one takes the last place and the others find out above.
    if (await store.credential(made.id)) break
  }
  return refuse({ type: 'Contended' })
}

export const revokeCredential = async (
  { store, clock }: Ports,
  operator: Operator,
  id: CredentialId,
): Promise<Result<void, OperatorRefusal>> => {
  const credential = await store.credential(id)
  if (!credential) return refuse({ type: 'CredentialNotFound' })
  if (credential.revokedAt !== undefined) return done
  const at = clock.now()
  const committed = await store.commit([
    { type: 'revoke-credential', id, at },
    operatorAudit(operator, at, 'credential.revoked', { type: 'credential', id }, credential.tenantId),
  ])
  // A conflict means that another has just revoked it, which is what was asked.
  return committed.ok || (await store.credential(id))?.revokedAt !== undefined
    ? done
    : refuse({ type: 'Contended' })
}

/** Lets a credential in again that was disabled because nobody used it. */
export const enableCredential = async (
  { store, clock }: Ports,
  operator: Operator,
  id: CredentialId,
): Promise<Result<void, OperatorRefusal>> => {
  const credential = await store.credential(id)
  if (!credential || credential.revokedAt !== undefined) return refuse({ type: 'CredentialNotFound' })
  if (credential.disabledAt === undefined) return done
  const at = clock.now()
  if (!(await hasRoom(store, credential, at))) return refuse({ type: 'TooManyCredentials' })
  const committed = await store.commit([
    { type: 'enable-credential', id, at },
    operatorAudit(operator, at, 'credential.enabled', { type: 'credential', id }, credential.tenantId),
  ])
  // A conflict means that another has just enabled it, which is what was asked, or that its user got another key.
  if (committed.ok || (await store.credential(id))?.disabledAt === undefined) return done
  return refuse({ type: (await hasRoom(store, credential, at)) ? 'Contended' : 'TooManyCredentials' })
}

/** Whether its tokens count as another credential that may still come to life. */
const isTrusted = async (
  store: Store,
  wish: Pick<TrustedIssuer, 'issuer' | 'audience'>,
): Promise<boolean> => {
  const trusted = await store.trustedIssuer(wish)
  const credential = trusted && (await store.credential(trusted.credentialId))
  return credential !== undefined && credential.revokedAt === undefined
}

/** Whether the user whose credential it is may have one more; other credentials belong to no user. */
const hasRoom = async (
  store: Store,
  credential: Pick<Credential, 'dialect' | 'publicKey'>,
  at: EpochMs,
): Promise<boolean> => {
  const user = userOf(credential)
  if (user === undefined) return true
  // Of all tenants: a user is one wherever its keys are.
  const good = (await store.credentials(undefined)).filter((one) => userOf(one) === user && isGood(one, at))
  return good.length < keysPerUser
}
