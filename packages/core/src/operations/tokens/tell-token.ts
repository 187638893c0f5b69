import type { Card } from '../../cards/card.ts'
import { issuerNumberOf } from '../../cards/issuer-number.ts'
import type { Change } from '../../changes.ts'
import type { EventType, VaultEvent } from '../../events/event.ts'
import type { EventId } from '../../kernel/ids.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { Ids } from '../../ports.ts'
import type { Instrument } from '../../tokens/instrument.ts'
import type { CardToken, StoredToken } from '../../tokens/token.ts'

/**
 * Tells the tenant of a token what became of it, in the commit that makes it so. Only what may be shown is told. What the
 * token stands for may be missing (open-to-tell.ts): then the event says less.
 */
export const tellToken = (
  ids: Ids,
  token: StoredToken,
  instrument: Instrument | undefined,
  type: EventType,
  at: EpochMs,
): Change => ({
  type: 'emit-event',
  event: {
    id: ids.uuid() as EventId,
    tenantId: token.tenantId,
    type,
    subject: { type: 'token', id: token.id },
    at,
    data: {
      type: token.type,
      status: token.status,
      last4: token.mask.last4,
      length: token.mask.length,
      ...(token.type === 'card' ? dataOfCard(token) : {}),
      ...(token.type === 'card' && instrument?.type === 'card' ? dataOfOpened(instrument) : {}),
    },
  },
})

type EventData = VaultEvent['data']

const dataOfCard = ({ mask, scheme, createdAt, expiresAt, invalidatedAt }: CardToken): EventData => ({
  bin: mask.bin,
  scheme,
  createdAt: spellTime(createdAt),
  expiresAt: spellTime(expiresAt),
  invalidatedAt: spellTime(invalidatedAt),
})

const dataOfOpened = ({ pan, expiry }: Card): EventData => ({
  issuerNumber: issuerNumberOf(pan),
  expiryMonth: expiry.month,
  expiryYear: expiry.year,
})

const spellTime = (at: EpochMs | undefined): string | null =>
  at === undefined ? null : new Date(at).toISOString()
