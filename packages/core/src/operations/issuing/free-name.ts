import type { Change } from '../../changes.ts'
import type { Refusal } from '../../errors.ts'
import { type IssuedCardName, isLive } from '../../issuing/issued-card.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { Store } from '../../ports.ts'
import { auditOf, type Caller } from '../caller.ts'
import { subjectOf } from './issued-card-subject.ts'

/**
 * What goes before a card takes a name, in its commit: a card that has expired gives its name up, and is cancelled. wire:
 * pismo §create, inferred
 */
export const freeName = async (
  store: Pick<Store, 'issuedCardNamed' | 'issuedCard'>,
  caller: Caller,
  name: IssuedCardName,
  at: EpochMs,
): Promise<Result<readonly Change[], Refusal>> => {
  const id = await store.issuedCardNamed(name)
  if (id === undefined) return ok([])
  const found = await store.issuedCard(id)
  if (!found || isLive(found.card, at)) return refuse(nameTaken)
  const card = { ...found.card, status: 'CANCELED', updatedAt: at, version: found.card.version + 1 } as const
  const details = { changed: 'status', status: card.status, gaveUpName: true }
  return ok([
    { type: 'replace-issued-card', card },
    auditOf(caller, at, 'issued-card.updated', 'success', subjectOf(card), details),
  ])
}

const nameTaken: Refusal = {
  type: 'InvalidField',
  field: 'name',
  why: 'is the name of another card of this customer',
}
