import type { AuditAction, AuditEntry, Subject } from '../audit/entry.ts'
import type { CodePolicy } from '../codes/policy.ts'
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
  | { readonly type: 'TokenNotFound' }
  /** asked for by something else than the digits at the end of a mask */
  | { readonly type: 'NotLastDigits' }
  | { readonly type: 'CredentialNotFound' }
  | { readonly type: 'DestinationNotFound' }
  | { readonly type: 'PlainHttpOnLive' }
  /** not what a browser calls the origin of a page */
  | { readonly type: 'NotAnOrigin' }
  | { readonly type: 'PlainHttpOrigin' }
  | { readonly type: 'OriginAllowedAlready' }
  | { readonly type: 'OriginNotFound' }
  | { readonly type: 'PolicyTooWide'; readonly setting: keyof CodePolicy }
  | { readonly type: 'WebhookNotFound' }
  | { readonly type: 'PlainHttpWebhook' }
  | { readonly type: 'DeadDeliveryNotFound' }
  /** what was read the second time is not what was read the first time */
  | { readonly type: 'BinFileChanged' }
  | { readonly type: 'CaptureKeyNotFound' }
  | { readonly type: 'TooManyCaptureKeys' }
  | { readonly type: 'TooManyCredentials' }
  /** what schemes give out under one merchant's requestor id is shown to no other */
  | { readonly type: 'RequestorOfOneTenant' }
  /** nobody issues network tokens for live tenants here */
  | { readonly type: 'NoNetworkTokenProvider' }
  | { readonly type: 'IssuerEnabledAlready' }
  | { readonly type: 'NotAnIssuer' }
  /** a live issuer's keys come in components, one from each custodian */
  | { readonly type: 'CvkInOnePiece' }
  | { readonly type: 'CvkComplete' }
  /** such as all zeros, when two custodians bring the same component, or of a live issuer A and B alike */
  | { readonly type: 'WeakCvk' }
  /** zeros, which add nothing: the others would know the key */
  | { readonly type: 'EmptyComponent' }
  | { readonly type: 'CustodianTwice' }
  /** another number of components was said before */
  | { readonly type: 'ComponentCountDiffers'; readonly expected: number }
  | { readonly type: 'NotABin' }
  | { readonly type: 'BinAddedAlready' }
  /** it overlaps one of another issuer, and either is live */
  | { readonly type: 'BinOfAnother' }
  | { readonly type: 'TooManyBins' }
  | { readonly type: 'IssuerTrustedAlready' }
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
