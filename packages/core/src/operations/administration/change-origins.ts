import { done, ok, type Result, refuse } from '../../kernel/result.ts'
import type { Clock, Store } from '../../ports.ts'
import { type AllowedOrigin, isLoopbackOrigin, isSecureOrigin } from '../../tenants/origin.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { type Operator, type OperatorRefusal, operatorAudit } from '../operator.ts'

type Ports = { readonly store: Store; readonly clock: Clock }

/** Allows the pages of an origin to embed the vault's fields. Only a test tenant may have pages without TLS, on this machine. */
export const allowOrigin = async (
  { store, clock }: Ports,
  operator: Operator,
  tenant: Tenant,
  origin: string,
): Promise<Result<AllowedOrigin, OperatorRefusal>> => {
  if (!isSecureOrigin(origin) && !isLoopbackOrigin(origin)) return refuse({ type: 'NotAnOrigin' })
  if (!isSecureOrigin(origin) && tenant.environment !== 'test') return refuse({ type: 'PlainHttpOrigin' })
  const at = clock.now()
  const allowed: AllowedOrigin = { tenantId: tenant.id, origin, createdAt: at }
  const committed = await store.commit([
    { type: 'allow-origin', origin: allowed },
    operatorAudit(operator, at, 'origin.allowed', { type: 'origin', id: origin }, tenant.id),
  ])
  return committed.ok ? ok(allowed) : refuse({ type: 'OriginAllowedAlready' })
}

export const removeOrigin = async (
  { store, clock }: Ports,
  operator: Operator,
  tenant: Tenant,
  origin: string,
): Promise<Result<void, OperatorRefusal>> => {
  const committed = await store.commit([
    { type: 'remove-origin', origin: { tenantId: tenant.id, origin } },
    operatorAudit(operator, clock.now(), 'origin.removed', { type: 'origin', id: origin }, tenant.id),
  ])
  return committed.ok ? done : refuse({ type: 'OriginNotFound' })
}
