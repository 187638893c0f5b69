import type { AuditEntry } from '../../audit/entry.ts'
import type { ScopeId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { NetworkTokenSettings } from '../../network-tokens/network-token.ts'
import type { Clock, NetworkTokenProviders, Store } from '../../ports.ts'
import type { Environment, Scope } from '../../tenants/tenant.ts'
import { type Operator, type OperatorRefusal, operatorAudit } from '../operator.ts'

type Ports = { readonly store: Store; readonly clock: Clock; readonly networkTokens: NetworkTokenProviders }

/** Says what a scope asks of card schemes from now on; `undefined`: nothing. What was issued before stays as it is. */
export const changeScope = async (
  { store, clock, networkTokens }: Ports,
  operator: Operator,
  scopeId: ScopeId,
  settings: NetworkTokenSettings | undefined,
): Promise<Result<Scope, OperatorRefusal>> => {
  const scope = await store.scope(scopeId)
  if (!scope) return refuse({ type: 'ScopeNotFound', scope: scopeId })
  const asked = askProvider(networkTokens, scope.environment, settings)
  if (!asked.ok) return asked
  if (settings?.requestor === 'merchant' && (await store.linkedTenants(scopeId)) > 1)
    return refuse({ type: 'RequestorOfOneTenant' })
  const committed = await store.commit([
    { type: 'set-network-tokens', scopeId, settings },
    operatorAudit(operator, clock.now(), 'scope.changed', { type: 'scope', id: scopeId }, undefined, {
      networkTokens: settings !== undefined,
      ...asked.value,
    }),
  ])
  return committed.ok ? ok({ ...scope, networkTokens: settings }) : refuse({ type: 'Contended' })
}

/** What the audit log says of such settings; refused where nobody could do what they ask. */
export const askProvider = (
  networkTokens: NetworkTokenProviders,
  environment: Environment,
  settings: NetworkTokenSettings | undefined,
): Result<AuditEntry['details'], OperatorRefusal> => {
  if (!settings) return ok({})
  const provider = networkTokens(environment)
  if (!provider) return refuse({ type: 'NoNetworkTokenProvider' })
  const { networkToken, accountReference, requestor } = settings
  return ok({ networkToken, accountReference, requestor, provider: provider.name })
}
