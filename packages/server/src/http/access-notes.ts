import type { AuditAction } from '@cardkeep/core/audit/entry'
import type { Dialect as DialectName } from '@cardkeep/core/codes/policy'
import type { Refusal } from '@cardkeep/core/errors'
import type { CredentialId, TenantId } from '@cardkeep/core/kernel/ids'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import type { Readiness } from '@cardkeep/core/ports'
import { dayOf } from '@cardkeep/core/tenants/credential-use'
import type { Credential } from '@cardkeep/core/tenants/tenant'
import type { Services } from '../services.ts'
import type { RefusalNotes } from './refusal-notes.ts'

export interface RefusedAccess {
  readonly dialect: DialectName
  readonly address: string
  readonly requestId: string
  readonly action: AuditAction
  readonly reason: Refusal['type']
  /** `tenantId` where it is certain who it was; `id` may be what was claimed. */
  readonly credential: { readonly id: string | undefined; readonly tenantId: TenantId | undefined }
}

/** What is written of access. Nobody waits for any of it. */
export interface AccessNotes {
  /** What was refused did not happen, so the answer does not depend on its entry (PCI DSS 10.2.1.4). */
  refused(refused: RefusedAccess): void
  /** That a credential was used, to the day. */
  used(credential: Credential): void
}

export type AccessNotePorts = Pick<Services, 'store' | 'clock'> & {
  readonly readiness: Pick<Readiness, 'auditFailed'>
}

export const createAccessNotes = (
  { store, clock, readiness }: AccessNotePorts,
  notes: RefusalNotes,
): AccessNotes => {
  /** The day on which each was last used, as far as this process knows; the database hears of it once a day. */
  const usedOn = new Map<CredentialId, EpochMs>()

  return {
    refused: ({ dialect, address, requestId, action, reason, credential }) => {
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
        details: { reason, dialect, ...(leftOut > 0 && { leftOut }) },
      }
      store.commit([{ type: 'audit', entry }]).catch(() => readiness.auditFailed())
    },
    // A day that is lost costs nothing: the next use writes it.
    used: ({ id, lastUsedAt }) => {
      const today = dayOf(clock.now())
      if ((usedOn.get(id) ?? lastUsedAt ?? 0) >= today) return
      usedOn.set(id, today)
      store.commit([{ type: 'use-credential', id, at: today }]).catch(() => usedOn.delete(id))
    },
  }
}
