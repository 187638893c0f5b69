import type { Actor, AuditAction, AuditEntry, AuditOutcome, Subject } from '../audit/entry.ts'
import type { CaptureRef, CredentialId } from '../kernel/ids.ts'
import type { EpochMs } from '../kernel/time.ts'
import type { Permission, Tenant } from '../tenants/tenant.ts'

/** Who calls, as the credential proves it. */
export interface Principal {
  readonly tenant: Tenant
  readonly credentialId: CredentialId
  readonly permissions: readonly Permission[]
  /** The account of an issuer that it acts for, where its token names one; it reaches that account's cards alone. */
  readonly accountId?: number
}

/** Whoever sends a request, known only by its address. */
export interface Visitor {
  readonly requestId: string
  /** The network address the request came from. */
  readonly origin: string
}

/** A principal in one request. */
export interface Caller extends Visitor {
  readonly principal: Principal
  /** Where a browser acts on the principal's behalf: the session that lets it. */
  readonly captureRef?: CaptureRef
}

export const auditOf = (
  { principal, requestId, origin, captureRef }: Caller,
  at: EpochMs,
  action: AuditAction,
  outcome: AuditOutcome,
  subject: Subject,
  details: AuditEntry['details'] = {},
): { readonly type: 'audit'; readonly entry: AuditEntry } => ({
  type: 'audit',
  entry: {
    at,
    action,
    outcome,
    tenantId: principal.tenant.id,
    actor: captureRef ? { type: 'session', id: captureRef } : actorOf(principal),
    origin,
    requestId,
    subject,
    details,
  },
})

const actorOf = ({ credentialId }: Principal): Actor => ({ type: 'credential', id: credentialId })
