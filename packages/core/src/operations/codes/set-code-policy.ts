import type { AuditEntry } from '../../audit/entry.ts'
import { checkPolicyLimits } from '../../codes/narrow-policy.ts'
import type { CodePolicy } from '../../codes/policy.ts'
import { done, type Result, refuse } from '../../kernel/result.ts'
import type { Clock, Store } from '../../ports.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { type Operator, type OperatorRefusal, operatorAudit } from '../operator.ts'

type Ports = { readonly store: Store; readonly clock: Clock }

/**
 * Sets for how long, how often and where a tenant's codes may be used; for codes held from now on. `undefined` goes back
 * to the default of each dialect.
 */
export const setCodePolicy = async (
  { store, clock }: Ports,
  operator: Operator,
  tenant: Tenant,
  policy: CodePolicy | undefined,
): Promise<Result<void, OperatorRefusal>> => {
  const checked = policy && checkPolicyLimits(policy)
  if (checked?.ok === false) return refuse({ type: 'PolicyTooWide', setting: checked.error })
  const subject = { type: 'tenant', id: tenant.id } as const
  const committed = await store.commit([
    { type: 'set-code-policy', tenantId: tenant.id, policy },
    operatorAudit(operator, clock.now(), 'tenant.changed', subject, tenant.id, detailsOf(policy)),
  ])
  return committed.ok ? done : refuse({ type: 'Contended' })
}

const detailsOf = (policy: CodePolicy | undefined): AuditEntry['details'] =>
  policy
    ? {
        hold: policy.hold,
        ttlMs: policy.ttlMs,
        uses: policy.uses,
        destinations: policy.destinations?.join(' ') ?? 'any',
      }
    : { codePolicy: 'default' }
