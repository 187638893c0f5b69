import type { ScopeId, TokenId } from '../kernel/ids.ts'
import type { Environment } from '../tenants/tenant.ts'

/** Whose keys seal a thing. */
export interface ScopePlace {
  readonly scopeId: ScopeId
  readonly environment: Environment
}

/** Where a sealed card or code belongs; it opens nowhere else. */
export interface CardPlace extends ScopePlace {
  readonly tokenId: TokenId
}
