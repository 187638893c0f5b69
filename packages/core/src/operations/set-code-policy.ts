import type { CodePolicy } from '../codes/policy.ts'
import type { Clock, Store } from '../ports.ts'
import type { Tenant } from '../tenants/tenant.ts'
import { type Operator, operatorAudit } from './operator.ts'

type Ports = { readonly store: Store; readonly clock: Clock }

/** Sets for how long and how often a tenant's codes may be used; for codes held from now on. */
export const setCodePolicy = async (
  { store, clock }: Ports,
  operator: Operator,
  tenant: Tenant,
  policy: CodePolicy,
): Promise<void> => {
  await store.commit([
    { type: 'set-code-policy', tenantId: tenant.id, policy },
    operatorAudit(operator, clock.now(), 'tenant.changed', { type: 'tenant', id: tenant.id }, tenant.id, {
      hold: policy.hold,
      ttlMs: policy.ttlMs,
      uses: policy.uses,
    }),
  ])
}
