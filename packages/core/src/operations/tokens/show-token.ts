import { spellMask } from '../../cards/mask.ts'
import type { Scheme } from '../../cards/scheme.ts'
import type { ScopeId, TenantId, TokenId } from '../../kernel/ids.ts'
import { ok, type Result } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { Clock, Store } from '../../ports.ts'
import { stateOf, type TokenState } from '../../tokens/lifecycle.ts'
import type { StoredToken } from '../../tokens/token.ts'
import { auditToken, findTokenFor, type TokenActor, type TokenNotFound } from './token-actor.ts'

/** What may be shown of a token. */
export interface ShownToken {
  readonly id: TokenId
  readonly type: StoredToken['type']
  /** Such as `411111******1111`, and for an account its last digits. */
  readonly mask: string
  /** `undefined` for an account. */
  readonly scheme: Scheme | undefined
  readonly state: TokenState
  readonly test: boolean
  readonly scopeId: ScopeId
  readonly tenantId: TenantId
  readonly createdAt: EpochMs
  readonly updatedAt: EpochMs
  readonly expiresAt: EpochMs | undefined
  readonly invalidatedAt: EpochMs | undefined
}

type Ports = { readonly store: Store; readonly clock: Clock }

/** Shows what may be shown of a token. It is written down first who saw it. */
export const showToken = async (
  { store, clock }: Ports,
  actor: TokenActor,
  tokenId: TokenId,
): Promise<Result<ShownToken, TokenNotFound>> => {
  const at = clock.now()
  const found = await findTokenFor(store, actor, tokenId, 'show', at)
  if (!found.ok) return found
  await store.commit([auditToken(actor, at, 'token.shown', found.value)])
  return ok(describeToken(found.value, at))
}

export const describeToken = (token: StoredToken, at: EpochMs): ShownToken => ({
  id: token.id,
  type: token.type,
  mask: maskOf(token),
  scheme: token.type === 'card' ? token.scheme : undefined,
  state: stateOf(token, at),
  test: token.test,
  scopeId: token.scopeId,
  tenantId: token.tenantId,
  createdAt: token.createdAt,
  updatedAt: token.updatedAt,
  expiresAt: token.expiresAt,
  invalidatedAt: token.invalidatedAt,
})

const maskOf = (token: StoredToken): string => {
  if (token.type === 'card') return spellMask(token.mask)
  const { last4, length } = token.mask
  return '*'.repeat(length - last4.length) + last4
}
