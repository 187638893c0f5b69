import type { AuditAction } from '@cardkeep/core/audit/entry'
import type { Refusal } from '@cardkeep/core/errors'
import type { CredentialId, TenantId } from '@cardkeep/core/kernel/ids'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import type { Principal } from '@cardkeep/core/operations/caller'
import type { Lockouts, Readiness } from '@cardkeep/core/ports'
import { dayOf, isGood } from '@cardkeep/core/tenants/credential-use'
import { pairOf } from '@cardkeep/core/tenants/lockout'
import type { Credential } from '@cardkeep/core/tenants/tenant'
import type { Services } from '../services.ts'
import type { CredentialHeaders, Dialect, PresentedCredential } from './dialect.ts'
import type { RefusalNotes } from './refusal-notes.ts'
import type { CredentialAuth } from './route.ts'

/** Proves secrets in constant time. */
export interface CredentialProof {
  matches(hash: Uint8Array, secret: Secret<string>, id: CredentialId): boolean
}

/** Stands in for a credential that does not exist, so that looking for one takes as long as proving one. */
const nobody = { id: '00000000-0000-4000-8000-000000000000' as CredentialId, hash: new Uint8Array(32) }

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

type Ports = Pick<Services, 'store' | 'clock'> & { readonly readiness: Pick<Readiness, 'auditFailed'> }

export const createAccess = (
  { store, clock, readiness }: Ports,
  proof: CredentialProof,
  lockouts: Lockouts,
  notes: RefusalNotes,
): Access => {
  /** Nobody waits for it: what was refused did not happen. */
  const note = (
    { address, requestId, dialect }: AccessRequest,
    action: AuditAction,
    reason: Refusal['type'],
    credential: { readonly id: string | undefined; readonly tenantId: TenantId | undefined },
  ): void => {
    const { isNoted, leftOut } = notes.admit(address)
    if (!isNoted) return
    const entry = {
      at: clock.now(),
      action,
      outcome: 'failure' as const,
      tenantId: credential.tenantId,
      actor: {
        type: credential.tenantId ? ('credential' as const) : ('unknown' as const),
        id: credential.id,
      },
      origin: address,
      requestId,
      subject: undefined,
      details: { reason, dialect: dialect.name, ...(leftOut > 0 && { leftOut }) },
    }
    store.commit([{ type: 'audit', entry }]).catch(() => readiness.auditFailed())
  }

  /** The day on which each was last used, as far as this process knows; the database hears of it once a day. */
  const usedOn = new Map<CredentialId, EpochMs>()

  /** Nobody waits for it, and a day that is lost costs nothing: the next use writes it. */
  const noteUse = ({ id, lastUsedAt }: Credential): void => {
    const today = dayOf(clock.now())
    if ((usedOn.get(id) ?? lastUsedAt ?? 0) >= today) return
    usedOn.set(id, today)
    store.commit([{ type: 'use-credential', id, at: today }]).catch(() => usedOn.delete(id))
  }

  const findCredential = async (
    { dialect }: AccessRequest,
    { id, secret, publicKey }: PresentedCredential,
  ): Promise<Credential | undefined> => {
    const stored = id === undefined ? undefined : await store.credential(id as CredentialId)
    const credential = stored?.dialect === dialect.name && isGood(stored, clock.now()) ? stored : undefined
    const { id: provenId, hash } = credential ?? nobody
    const proven = proof.matches(hash, new Secret(secret), provenId)
    if (!proven || !credential) return undefined
    return publicKey === undefined || publicKey === credential.publicKey ? credential : undefined
  }

  return {
    stillHolds: async ({ credentialId }) => {
      const credential = await store.credential(credentialId)
      return credential !== undefined && isGood(credential, clock.now())
    },
    authenticate: async (request) => {
      const presented = request.dialect.readCredential(request.headers)
      if (!presented) return refuse({ type: 'NotAuthenticated' })
      const pair = pairOf(presented.id, request.address)
      /** Asked again once the proof is made: of many that came at once the first ten may have failed meanwhile. */
      const findLock = async (): Promise<Refusal | undefined> => {
        const retryAfterSeconds = await lockouts.remainingSeconds(pair)
        return retryAfterSeconds === undefined ? undefined : { type: 'LockedOut', retryAfterSeconds }
      }
      const lock = await findLock()
      if (lock) return refuse(lock)

      const credential = await findCredential(request, presented)
      if (!credential) {
        const locks = await lockouts.fail(pair)
        const refusal: Refusal = { type: 'NotAuthenticated' }
        note(request, locks ? 'access.locked' : 'access.refused', refusal.type, {
          id: presented.id,
          tenantId: undefined,
        })
        return locks ? refuse(refusal) : refuse((await findLock()) ?? refusal)
      }
      // What is said of tries beyond the allowed ones is the same whether they were good or not.
      if (!(await lockouts.succeed(pair))) {
        const meanwhile = await findLock()
        if (meanwhile) return refuse(meanwhile)
      }
      noteUse(credential)

      const tenant = await store.tenant(credential.tenantId)
      // Precondition: a credential's tenant is never removed.
      if (!tenant) throw new Error('a credential without its tenant')
      const principal = { tenant, credentialId: credential.id, permissions: credential.permissions }
      const refusal = judge(request.auth, principal, presented)
      if (!refusal) return ok(principal)
      note(request, 'access.refused', refusal.type, credential)
      return refuse(refusal)
    },
  }
}

const judge = (
  { permission, publicKey, testOnly }: CredentialAuth,
  { tenant, permissions }: Principal,
  presented: PresentedCredential,
): Refusal | undefined => {
  if (permission !== 'any' && !permissions.includes(permission)) return { type: 'NotPermitted' }
  if (testOnly && tenant.environment !== 'test') return { type: 'NotPermitted' }
  // wire: ozura §11, inferred: required for live credentials, optional for test ones.
  if (publicKey && tenant.environment === 'live' && presented.publicKey === undefined)
    return { type: 'MissingField', field: 'X-Pub-Key' }
  return undefined
}
