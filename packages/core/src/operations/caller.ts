import type { Actor, AuditAction, AuditEntry, AuditOutcome, Subject } from '../audit/entry.ts'
import type { CredentialId } from '../kernel/ids.ts'
import type { EpochMs } from '../kernel/time.ts'
import type { Permission, Tenant } from '../tenants/tenant.ts'

/** Who calls, as the credential proves it. */
export interface Principal {
  readonly tenant: Tenant
  readonly credentialId: CredentialId
  readonly permissions: readonly Permission[]
}

/** A principal in one request. */
export interface Caller {
  readonly principal: Principal
  readonly requestId: string
  /** The network address the request came from. */
  readonly origin: string
}

export const auditOf = (
  { principal, requestId, origin }: Caller,
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
    actor: actorOf(principal),
    origin,
    requestId,
    subject,
    details,
  },
})

const actorOf = ({ credentialId }: Principal): Actor => ({ type: 'credential', id: credentialId })
