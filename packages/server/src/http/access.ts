import type { Refusal } from '@cardkeep/core/errors'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { Principal } from '@cardkeep/core/operations/caller'
import { isGood } from '@cardkeep/core/tenants/credential-use'
import type { Credential, Permission } from '@cardkeep/core/tenants/tenant'
import type { Services } from '../services.ts'
import type { CredentialHeaders, Dialect } from './dialect.ts'
import type { CredentialProver } from './prove-credential.ts'
import type { CredentialAuth } from './route.ts'

export interface AccessRequest {
  readonly dialect: Dialect
  readonly auth: CredentialAuth
  readonly headers: CredentialHeaders
  readonly address: string
  readonly requestId: string
}

export interface Access {
  /** Who calls, or why not. Failures are counted and written to the audit log (PCI DSS 10.2.1.4). */
  authenticate(request: AccessRequest): Promise<Result<Principal, Refusal>>
  /** Whether the credential still holds once the body is here, which may be long after the head. */
  stillHolds(principal: Principal): Promise<boolean>
}

/** Who was let in, before it is known whether the route lets them. */
interface Admitted {
  readonly credential: Credential
  readonly permissions: readonly Permission[]
  readonly accountId: number | undefined
  readonly hasPublicKey: boolean
}

type Admission = Result<Admitted, Refusal>

export const createAccess = (
  { store, clock, passport }: Pick<Services, 'store' | 'clock' | 'passport'>,
  { prove, notes }: CredentialProver,
): Access => {
  const admitBySecret = async ({
    dialect,
    headers,
    address,
    requestId,
  }: AccessRequest): Promise<Admission> => {
    const presented = dialect.readCredential(headers)
    if (!presented) return refuse({ type: 'NotAuthenticated' })
    const secret = new Secret(presented.secret)
    const proven = await prove({ ...presented, secret, dialect: dialect.name, address, requestId })
    if (!proven.ok) return proven
    const credential = proven.value
    return ok({
      credential,
      permissions: credential.permissions,
      accountId: undefined,
      hasPublicKey: presented.publicKey !== undefined,
    })
  }

  /**
   * A signature cannot be guessed as a secret can, and old tokens come again from honest clients: bad ones are written down,
   * and lock nobody out.
   */
  const admitByToken = async (
    { dialect, address, requestId }: AccessRequest,
    token: Secret<string>,
  ): Promise<Admission> => {
    const read = await passport.read(token)
    if (read.ok) {
      notes.used(read.value.credential)
      return ok({ ...read.value, hasPublicKey: false })
    }
    const { id, tenantId } = read.error.credential ?? { id: undefined, tenantId: undefined }
    const refusal: Refusal = { type: 'NotAuthenticated' }
    notes.refused({
      ...{ dialect: dialect.name, address, requestId },
      ...{ action: 'access.refused', reason: refusal.type, credential: { id, tenantId } },
    })
    return refuse(refusal)
  }

  const admit = async (request: AccessRequest): Promise<Admission> => {
    const { dialect, headers } = request
    if (!dialect.readBearer) return admitBySecret(request)
    const token = dialect.readBearer(headers)
    return token ? admitByToken(request, token) : refuse({ type: 'NotAuthenticated' })
  }

  return {
    stillHolds: async ({ credentialId }) => {
      const credential = await store.credential(credentialId)
      return credential !== undefined && isGood(credential, clock.now())
    },
    authenticate: async (request) => {
      const admitted = await admit(request)
      if (!admitted.ok) return admitted
      const { credential, permissions, accountId } = admitted.value
      const tenant = await store.tenant(credential.tenantId)
      // Precondition: a credential's tenant is never removed.
      if (!tenant) throw new Error('a credential without its tenant')
      const principal: Principal = {
        ...{ tenant, credentialId: credential.id, permissions },
        ...(accountId !== undefined && { accountId }),
      }
      const refusal = judge(request.auth, principal, admitted.value)
      if (!refusal) return ok(principal)
      const { dialect, address, requestId } = request
      notes.refused({
        ...{ dialect: dialect.name, address, requestId },
        ...{ action: 'access.refused', reason: refusal.type, credential },
      })
      return refuse(refusal)
    },
  }
}

const judge = (
  { permission, publicKey, testOnly }: CredentialAuth,
  { tenant, permissions }: Principal,
  { hasPublicKey }: Admitted,
): Refusal | undefined => {
  if (permission !== 'any' && !permissions.includes(permission)) return { type: 'NotPermitted' }
  if (testOnly && tenant.environment !== 'test') return { type: 'NotPermitted' }
  // wire: ozura §authentication, inferred: required for live credentials, optional for test ones.
  if (publicKey && tenant.environment === 'live' && !hasPublicKey)
    return { type: 'MissingField', field: 'X-Pub-Key' }
  return undefined
}
