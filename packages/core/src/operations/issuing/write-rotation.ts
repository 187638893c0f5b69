import type { AuditAction, AuditEntry } from '../../audit/entry.ts'
import { type Refusal, UnavailableError } from '../../errors.ts'
import type { IssuedCardId } from '../../kernel/ids.ts'
import { ok, type Result } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { RotatingCard } from '../../ports.ts'
import { auditOf, type Caller } from '../caller.ts'
import { type FoundIssuedCard, findIssuedCard } from './find-issued-card.ts'
import { subjectOf } from './issued-card-subject.ts'
import type { IssuingPorts } from './issuing-ports.ts'
import { type RotationNews, tellRotation } from './tell-rotation.ts'

/** What a caller makes of a card's rotation. */
export interface RotationMove {
  readonly next: RotatingCard
  readonly operation: RotationNews['operation']
  readonly action: AuditAction
  readonly details: AuditEntry['details']
}

/** Of callers who change one card at once one wins each time. */
const attempts = 32

/** Writes what becomes of a card's rotation with its event and its entry in one commit; where another was first, anew on what stands. */
export const writeRotation = async (
  { store, clock, ids }: Pick<IssuingPorts, 'store' | 'clock' | 'ids'>,
  caller: Caller,
  cardId: IssuedCardId,
  decide: (found: FoundIssuedCard, at: EpochMs) => Promise<Result<RotationMove, Refusal>>,
): Promise<Result<RotatingCard, Refusal>> => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const at = clock.now()
    const found = await findIssuedCard(store, caller, cardId, { need: 'account', use: 'cvv', at })
    if (!found.ok) return found
    const move = await decide(found.value, at)
    if (!move.ok) return move
    const { next, operation, action, details } = move.value
    const news: RotationNews = { operation, rotationType: 'MANUAL', correlationId: caller.requestId }
    const written = await store.commit([
      { type: 'replace-rotation', rotation: next.rotation },
      tellRotation(ids, found.value.issuer, next, news, at),
      auditOf(caller, at, action, 'success', subjectOf(next.card), details),
    ])
    if (written.ok) return ok(next)
  }
  throw new UnavailableError('a rotation could not be written: others changed the card at every attempt')
}
