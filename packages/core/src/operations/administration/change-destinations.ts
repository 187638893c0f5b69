import type { Destination } from '../../destinations/destination.ts'
import { done, ok, type Result, refuse } from '../../kernel/result.ts'
import type { Clock, Store } from '../../ports.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { type Operator, type OperatorRefusal, operatorAudit } from '../operator.ts'

type Ports = { readonly store: Store; readonly clock: Clock }

/** Allows a tenant to send card data to an origin. Only a test tenant may be allowed one without TLS. */
export const allowDestination = async (
  { store, clock }: Ports,
  operator: Operator,
  tenant: Tenant,
  made: Omit<Destination, 'tenantId' | 'createdAt'>,
): Promise<Result<Destination, OperatorRefusal>> => {
  if (tenant.environment === 'live' && !made.origin.startsWith('https://'))
    return refuse({ type: 'PlainHttpOnLive' })
  const at = clock.now()
  const destination: Destination = { ...made, tenantId: tenant.id, createdAt: at }
  const committed = await store.commit([
    { type: 'put-destination', destination },
    operatorAudit(operator, at, 'destination.allowed', { type: 'destination', id: made.id }, tenant.id, {
      origin: made.origin,
      pathPrefix: made.pathPrefix ?? '',
      methods: made.methods.join(' '),
      allowPrivate: made.allowPrivate,
      // Names alone: the values are secrets.
      headers: made.headers.map(({ name }) => name).join(' '),
    }),
  ])
  return committed.ok ? ok(destination) : refuse({ type: 'Contended' })
}

export const removeDestination = async (
  { store, clock }: Ports,
  operator: Operator,
  tenant: Tenant,
  id: string,
): Promise<Result<void, OperatorRefusal>> => {
  const destination = (await store.destinations(tenant.id)).find((known) => known.id === id)
  if (!destination) return refuse({ type: 'DestinationNotFound' })
  await store.commit([
    { type: 'remove-destination', id: destination.id },
    operatorAudit(operator, clock.now(), 'destination.removed', { type: 'destination', id }, tenant.id),
  ])
  return done
}
