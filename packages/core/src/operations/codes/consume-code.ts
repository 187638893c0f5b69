import type { Refusal } from '../../errors.ts'
import type { TokenId } from '../../kernel/ids.ts'
import { done, ok, type Result } from '../../kernel/result.ts'
import type { Clock, CodeStore, Readiness, Store } from '../../ports.ts'
import { verdictOn } from '../../tokens/lifecycle.ts'
import { type Alongside, none } from '../alongside.ts'
import { auditOf, type Caller } from '../caller.ts'
import { findCard } from '../tokens/find-card.ts'

type Ports = {
  readonly store: Store
  readonly codes: CodeStore
  readonly clock: Clock
  readonly readiness: Pick<Readiness, 'auditFailed'>
}

/**
 * Forgets every code of a token that this tenant holds, by whatever address it came: its authorisation is over (PCI DSS
 * 3.3.1). What another tenant's customer typed for the same card waits for an authorisation of its own. Done also where
 * none was held, and never waits for the audit: a code that should be gone is gone, written down or not.
 * wire: hellgate §consume, §code held: whose codes these are is inferred.
 */
export const consumeCode = async (
  { store, codes, clock, readiness }: Ports,
  caller: Caller,
  tokenId: TokenId,
  alongside: Alongside<void> = none,
): Promise<Result<void, Refusal>> => {
  const at = clock.now()
  const found = await findCard(store, caller, tokenId, 'show card', at)
  if (!found.ok) return found
  const wasHeld = await codes.dropTokenOf(caller.principal.tenant.id, tokenId)
  const audit = auditOf(caller, at, 'code.dropped', 'success', { type: 'token', id: tokenId }, { wasHeld })
  const changes = [audit, ...alongside()]
  try {
    // What was wanted alongside may be in conflict; the code is gone all the same.
    if (!(await store.commit(changes)).ok) await store.commit([audit])
  } catch {
    readiness.auditFailed()
  }
  return done
}

/** Whether the token holds a code of this tenant, so that its customer need not be asked for one. */
export const isCodeHeld = async (
  { store, codes, clock }: Pick<Ports, 'store' | 'codes' | 'clock'>,
  caller: Caller,
  tokenId: TokenId,
): Promise<Result<boolean, Refusal>> => {
  const at = clock.now()
  const found = await findCard(store, caller, tokenId, 'show card', at)
  if (!found.ok) return found
  // A code that no forward may carry is of no use to whoever asks.
  const isUsable = verdictOn('forward', found.value.token, at) === 'does'
  const tenantId = caller.principal.tenant.id
  return ok(isUsable && (await codes.isHeldBy({ type: 'token', tenantId, tokenId })))
}
