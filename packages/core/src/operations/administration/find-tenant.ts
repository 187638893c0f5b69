import { parseId, type TenantId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { Store } from '../../ports.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import type { OperatorRefusal } from '../operator.ts'

/** A tenant by its unique name or its id. A name is never a UUID, so the two cannot be confused. */
export const findTenant = async (
  store: Pick<Store, 'tenant' | 'tenantNamed'>,
  nameOrId: string,
): Promise<Result<Tenant, OperatorRefusal>> => {
  const id = parseId<TenantId>(nameOrId)
  const tenant = id ? await store.tenant(id) : await store.tenantNamed(nameOrId)
  return tenant ? ok(tenant) : refuse({ type: 'TenantNotFound', tenant: nameOrId })
}
