import type { AuditAction, AuditEntry, Subject } from '../audit/entry.ts'
import type { TenantId } from '../kernel/ids.ts'
import type { EpochMs } from '../kernel/time.ts'

/** Who works at the command line: a name of the operating system, which the audit log keeps. */
export interface Operator {
  readonly name: string
}

/** What an operator may be told no for. */
export type OperatorRefusal =
  | { readonly type: 'NameTaken'; readonly name: string }
  | { readonly type: 'TenantNotFound'; readonly tenant: string }
  | { readonly type: 'ScopeNotFound'; readonly scope: string }
  | { readonly type: 'EnvironmentsDiffer' }
  | { readonly type: 'AlreadyLinked' }
  | { readonly type: 'CredentialNotFound' }
  | { readonly type: 'DestinationNotFound' }
  | { readonly type: 'PlainHttpOnLive' }
  | { readonly type: 'Contended' }

export const operatorAudit = (
  operator: Operator,
  at: EpochMs,
  action: AuditAction,
  subject: Subject,
  tenantId?: TenantId,
  details: AuditEntry['details'] = {},
): { readonly type: 'audit'; readonly entry: AuditEntry } => ({
  type: 'audit',
  entry: {
    at,
    action,
    outcome: 'success',
    tenantId,
    actor: { type: 'operator', id: operator.name },
    origin: undefined,
    requestId: undefined,
    subject,
    details,
  },
})
