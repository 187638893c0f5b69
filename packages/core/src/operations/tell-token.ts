import type { Change } from '../changes.ts'
import type { EventType } from '../events/event.ts'
import type { EventId } from '../kernel/ids.ts'
import type { EpochMs } from '../kernel/time.ts'
import type { Ids } from '../ports.ts'
import type { StoredToken } from '../tokens/token.ts'

/** Tells the tenant of a token what became of it, in the commit that makes it so. Only what may be shown is told. */
export const tellToken = (ids: Ids, token: StoredToken, type: EventType, at: EpochMs): Change => ({
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
      ...(token.type === 'card' ? { bin: token.mask.bin, scheme: token.scheme } : {}),
    },
  },
})
