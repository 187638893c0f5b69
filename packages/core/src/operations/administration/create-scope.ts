import type { ScopeId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { NetworkTokenSettings } from '../../network-tokens/network-token.ts'
import type { Clock, Ids, KeyMaker, NetworkTokenProviders, Store } from '../../ports.ts'
import type { Scope, Tenant } from '../../tenants/tenant.ts'
import { type Operator, type OperatorRefusal, operatorAudit } from '../operator.ts'
import { askProvider } from './change-scope.ts'

type Ports = {
  readonly store: Store
  readonly clock: Clock
  readonly ids: Ids
  readonly keys: KeyMaker
  readonly networkTokens: NetworkTokenProviders
}

export interface CreateScope {
  readonly deduplicates: boolean
  readonly networkTokens: NetworkTokenSettings | undefined
}

/** Keys are added to one set: of scripts that make many at once, one gets through each time. */
const attempts = 32

/** Makes a scope with keys of its own and links it to the tenant. */
export const createScope = async (
  { store, clock, ids, keys, networkTokens }: Ports,
  operator: Operator,
  tenant: Tenant,
  wish: CreateScope,
): Promise<Result<Scope, OperatorRefusal>> => {
  const asked = askProvider(networkTokens, tenant.environment, wish.networkTokens)
  if (!asked.ok) return asked
  for (let attempt = 0; attempt < attempts; attempt++) {
    const at = clock.now()
    const { environment } = tenant
    const scope: Scope = { ...wish, id: ids.uuid() as ScopeId, environment, createdAt: at }
    const prepared = await keys.keysFor([{ owner: { type: 'scope', id: scope.id }, environment }])
    const committed = await store.commit([
      { type: 'put-scope', scope },
      { type: 'link-scope', scopeId: scope.id, tenantId: tenant.id },
      ...prepared.changes,
      operatorAudit(operator, at, 'scope.created', { type: 'scope', id: scope.id }, tenant.id, {
        deduplicates: wish.deduplicates,
        ...asked.value,
      }),
    ])
    if (!committed.ok) continue
    await prepared.committed()
    return ok(scope)
  }
  return refuse({ type: 'Contended' })
}

/**
 * Lets another tenant use the tokens of a scope. Test and live never share one, nor is one shared whose network tokens are
 * issued to one merchant.
 */
export const linkScope = async (
  { store, clock }: Pick<Ports, 'store' | 'clock'>,
  operator: Operator,
  scopeId: ScopeId,
  tenant: Tenant,
): Promise<Result<void, OperatorRefusal>> => {
  const scope = await store.scope(scopeId)
  if (!scope) return refuse({ type: 'ScopeNotFound', scope: scopeId })
  if (scope.environment !== tenant.environment) return refuse({ type: 'EnvironmentsDiffer' })
  if (await store.isLinked(scopeId, tenant.id)) return refuse({ type: 'AlreadyLinked' })
  if (scope.networkTokens?.requestor === 'merchant') return refuse({ type: 'RequestorOfOneTenant' })
  const committed = await store.commit([
    { type: 'link-scope', scopeId, tenantId: tenant.id },
    operatorAudit(operator, clock.now(), 'scope.linked', { type: 'scope', id: scopeId }, tenant.id),
  ])
  return committed.ok ? ok(undefined) : refuse({ type: 'AlreadyLinked' })
}
