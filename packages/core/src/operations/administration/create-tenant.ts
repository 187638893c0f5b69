import type { Change } from '../../changes.ts'
import type { ScopeId, TenantId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { Clock, Ids, KeyMaker, Store } from '../../ports.ts'
import type { Environment, Scope, Tenant } from '../../tenants/tenant.ts'
import { type Operator, type OperatorRefusal, operatorAudit } from '../operator.ts'

type Ports = { readonly store: Store; readonly clock: Clock; readonly ids: Ids; readonly keys: KeyMaker }

export interface CreateTenant {
  readonly name: string
  readonly environment: Environment
  /** Whether its default scope answers a known card number with the token it has. */
  readonly deduplicates: boolean
}

export const demoTenantName = 'demo'

/** Keys are added to one set: of scripts that make many at once, one gets through each time. */
const attempts = 32

/** Makes a tenant, its default scope and the keys of both in one commit. The first live tenant ends the demo. */
export const createTenant = async (
  { store, clock, ids, keys }: Ports,
  operator: Operator,
  { name, environment, deduplicates }: CreateTenant,
): Promise<Result<Tenant, OperatorRefusal>> => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (await store.tenantNamed(name)) return refuse({ type: 'NameTaken', name })
    const at = clock.now()
    const scope: Scope = {
      id: ids.uuid() as ScopeId,
      environment,
      deduplicates,
      networkTokens: undefined,
      createdAt: at,
    }
    const tenant: Tenant = {
      id: ids.uuid() as TenantId,
      name,
      environment,
      defaultScopeId: scope.id,
      codePolicy: undefined,
      createdAt: at,
    }
    const prepared = await keys.keysFor([
      { owner: { type: 'scope', id: scope.id }, environment },
      { owner: { type: 'tenant', id: tenant.id }, environment },
    ])
    const committed = await store.commit([
      { type: 'put-scope', scope },
      { type: 'put-tenant', tenant },
      { type: 'link-scope', scopeId: scope.id, tenantId: tenant.id },
      ...prepared.changes,
      ...(environment === 'live' ? await endDemo(store, operator, at) : []),
      operatorAudit(operator, at, 'tenant.created', { type: 'tenant', id: tenant.id }, tenant.id, {
        environment,
        deduplicates,
      }),
    ])
    if (!committed.ok) continue
    await prepared.committed()
    return ok(tenant)
  }
  return refuse({ type: 'Contended' })
}

/** Credentials that were printed on a screen for trying out must not stand beside real cards. */
const endDemo = async (
  store: Store,
  operator: Operator,
  at: Tenant['createdAt'],
): Promise<readonly Change[]> => {
  const demo = await store.tenantNamed(demoTenantName)
  // An operator may have given that name to a tenant with real cards.
  if (demo?.environment !== 'test') return []
  const credentials = (await store.credentials(demo.id)).filter(({ revokedAt }) => revokedAt === undefined)
  return credentials.flatMap(({ id }): Change[] => [
    { type: 'revoke-credential', id, at },
    operatorAudit(operator, at, 'credential.revoked', { type: 'credential', id }, demo.id, { demo: true }),
  ])
}
