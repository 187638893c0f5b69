import type { Change } from '../../changes.ts'
import { type Refusal, UnavailableError } from '../../errors.ts'
import { type IssuedCard, type IssuedCardStatus, isLive } from '../../issuing/issued-card.ts'
import { stopSchedule } from '../../issuing/rotation.ts'
import type { IssuedCardId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { RotatingCard } from '../../ports.ts'
import { auditOf, type Caller } from '../caller.ts'
import { findIssuedCard } from './find-issued-card.ts'
import { freeName } from './free-name.ts'
import { subjectOf } from './issued-card-subject.ts'
import type { IssuingPorts } from './issuing-ports.ts'

/** What is `undefined` stays as it is. */
export interface UpdateIssuedCard {
  readonly cardId: IssuedCardId
  readonly name: string | undefined
  readonly printedName: string | undefined
  /** `CANCELED` is for good, and ends the rotation. */
  readonly status: IssuedCardStatus | undefined
  readonly contactless: boolean | undefined
  readonly accountUpdater: boolean | undefined
  /** `null`: none any more. */
  readonly transactionLimit: number | null | undefined
  readonly metadata: string | undefined
}

/** Of callers who change one card at once one wins each time. */
const attempts = 32

export const updateIssuedCard = async (
  { store, clock }: Pick<IssuingPorts, 'store' | 'clock'>,
  caller: Caller,
  command: UpdateIssuedCard,
): Promise<Result<RotatingCard, Refusal>> => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const at = clock.now()
    const wish = { need: 'account', use: 'record', at } as const
    const found = await findIssuedCard(store, caller, command.cardId, wish)
    if (!found.ok) return found
    const { card: stored, rotation } = found.value
    // Its record can still be read; nothing can be done with it any more.
    if (!isLive(stored, at)) return refuse({ type: 'IssuedCardNotFound' })
    const card = changeCard(stored, command, at)
    const parts = partsOf(stored, card)
    if (parts.length === 0) return ok({ card: stored, rotation })
    const freed = card.name === stored.name ? ok([]) : await freeName(store, caller, card, at)
    if (!freed.ok) return freed
    const changed =
      card.status === 'CANCELED' ? { card, rotation: endRotation(rotation) } : { card, rotation }
    const details = { changed: parts.join(' '), status: card.status }
    const written = await store.commit([
      ...freed.value,
      { type: 'replace-issued-card', card },
      ...replaceRotation(rotation, changed.rotation),
      auditOf(caller, at, 'issued-card.updated', 'success', subjectOf(card), details),
    ])
    if (written.ok) return ok(changed)
  }
  throw new UnavailableError('a card could not be updated: others changed it at every attempt')
}

const changeCard = (stored: IssuedCard, command: UpdateIssuedCard, at: EpochMs): IssuedCard => ({
  ...stored,
  name: command.name ?? stored.name,
  printedName: command.printedName ?? stored.printedName,
  status: command.status ?? stored.status,
  contactless: command.contactless ?? stored.contactless,
  accountUpdater: command.accountUpdater ?? stored.accountUpdater,
  transactionLimit:
    command.transactionLimit === undefined
      ? stored.transactionLimit
      : (command.transactionLimit ?? undefined),
  metadata: command.metadata ?? stored.metadata,
  updatedAt: at,
  version: stored.version + 1,
})

const changeable = [
  ...(['name', 'printedName', 'status', 'contactless'] as const),
  ...(['accountUpdater', 'transactionLimit', 'metadata'] as const),
] satisfies readonly (keyof IssuedCard & keyof UpdateIssuedCard)[]

/** Which parts became others, by name: this is for the audit log. */
const partsOf = (stored: IssuedCard, changed: IssuedCard): readonly string[] =>
  changeable.filter((part) => stored[part] !== changed[part])

type Rotation = RotatingCard['rotation']

/** Always another version: a rotation that is under way at this moment must not outlive the card. */
const endRotation = (rotation: Rotation): Rotation => ({
  ...rotation,
  schedule: stopSchedule(rotation.schedule),
  dueAt: undefined,
  previous: undefined,
  version: rotation.version + 1,
})

const replaceRotation = (before: Rotation, after: Rotation): readonly Change[] =>
  before === after ? [] : [{ type: 'replace-rotation', rotation: after }]
