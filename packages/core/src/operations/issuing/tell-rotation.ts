import type { Change } from '../../changes.ts'
import { endOfCard } from '../../issuing/issued-card.ts'
import type { Issuer } from '../../issuing/issuer.ts'
import type { EventId } from '../../kernel/ids.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { Ids, RotatingCard } from '../../ports.ts'

export interface RotationNews {
  /** wire: pismo §event: `operation_type` of a plain rotation inferred, of the two others verified */
  readonly operation: 'ROTATE_CVV' | 'CHANGE_CVV_ROTATION' | 'DELETE_CVV_ROTATION'
  readonly rotationType: 'MANUAL' | 'AUTOMATIC'
  /** A UUID that is the same in all that came of one request, or of one round of the scheduler. wire: pismo §envelope, inferred */
  readonly correlationId: string
}

/** Tells an issuer that a card's CVV changed, or when it will, in the commit that makes it so. Never the CVV, nor what it is made of. */
export const tellRotation = (
  ids: Ids,
  issuer: Issuer,
  { card, rotation }: RotatingCard,
  { operation, rotationType, correlationId }: RotationNews,
  at: EpochMs,
): Change => ({
  type: 'emit-event',
  event: {
    id: ids.uuid() as EventId,
    tenantId: card.tenantId,
    type: 'rotate_cvv',
    // Its line of deliveries: events of one card come in order.
    subject: { type: 'issued-card', id: card.hash },
    at,
    data: {
      eventType: issuer.settings.eventType,
      correlationId,
      operation,
      rotationType,
      cardId: card.id,
      accountId: card.accountId,
      customerId: card.customerId,
      status: card.status,
      name: card.name,
      printedName: card.printedName,
      last4: card.last4,
      contactless: card.contactless,
      accountUpdater: card.accountUpdater,
      nextRotationAt: spellTime(rotation.schedule.nextAt),
      expiresAt: new Date(endOfCard(card) - 1).toISOString(),
      createdAt: new Date(card.createdAt).toISOString(),
    },
  },
})

const spellTime = (at: EpochMs | undefined): string | null =>
  at === undefined ? null : new Date(at).toISOString()
