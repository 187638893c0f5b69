import type { AuditAction } from '../../audit/entry.ts'
import type { Change } from '../../changes.ts'
import type { TokenId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { Store } from '../../ports.ts'
import { type TokenUse, verdictOn } from '../../tokens/lifecycle.ts'
import type { StoredToken } from '../../tokens/token.ts'
import { auditOf, type Caller } from '../caller.ts'
import { type Operator, operatorAudit } from '../operator.ts'
import { findCard } from './find-card.ts'

/** Who asks something of a token: a caller of an API, of the tokens in its scopes, or an operator, of any. */
export type TokenActor = Caller | Operator

/** A refusal of both unions. */
export interface TokenNotFound {
  readonly type: 'TokenNotFound'
}

const isCaller = (actor: TokenActor): actor is Caller => 'principal' in actor

/** A token of which the actor may ask this now. The APIs that ask know tokens of cards alone, as everywhere else in them. */
export const findTokenFor = async (
  store: Store,
  actor: TokenActor,
  tokenId: TokenId,
  use: TokenUse,
  at: EpochMs,
): Promise<Result<StoredToken, TokenNotFound>> => {
  if (isCaller(actor)) {
    const found = await findCard(store, actor, tokenId, use, at)
    return found.ok ? ok(found.value.token) : refuse({ type: 'TokenNotFound' })
  }
  const token = await store.token(tokenId)
  return token && verdictOn(use, token, at) !== 'absent' ? ok(token) : refuse({ type: 'TokenNotFound' })
}

/** That the actor did this to the token. */
export const auditToken = (
  actor: TokenActor,
  at: EpochMs,
  action: AuditAction,
  { id, tenantId }: StoredToken,
): Change => {
  const subject = { type: 'token', id } as const
  return isCaller(actor)
    ? auditOf(actor, at, action, 'success', subject)
    : operatorAudit(actor, at, action, subject, tenantId)
}
