import type { Refusal } from '../../errors.ts'
import type { SessionId } from '../../kernel/ids.ts'
import { done, type Result, refuse } from '../../kernel/result.ts'
import type { Clock, CodeStore, Readiness, Store } from '../../ports.ts'
import { auditOf, type Caller } from '../caller.ts'

type Ports = {
  readonly store: Store
  readonly codes: CodeStore
  readonly clock: Clock
  readonly readiness: Pick<Readiness, 'auditFailed'>
}

/** Forgets a code at once. Dropping never waits for the audit: a code that should be gone is gone, written down or not. */
export const dropCode = async (
  { store, codes, clock, readiness }: Ports,
  caller: Caller,
  sessionId: SessionId,
): Promise<Result<void, Refusal>> => {
  const dropped = await codes.drop({ type: 'session', tenantId: caller.principal.tenant.id, sessionId })
  if (!dropped) return refuse({ type: 'CodeNotHeld' })
  try {
    await store.commit([
      auditOf(caller, clock.now(), 'code.dropped', 'success', { type: 'code', id: sessionId }),
    ])
  } catch {
    readiness.auditFailed()
  }
  return done
}
