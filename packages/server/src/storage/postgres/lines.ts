import { encodeArray } from './arrays.ts'
import type { Call } from './database.ts'
import type { LineWishes } from './plan-list.ts'
import type { Statements } from './statements.ts'

/** What locks the lines of the outbox that these may change, to be sent first in their transaction. */
export const lockLines = (statements: Statements, wishes: readonly LineWishes[]): readonly Call[] => {
  const events = wishes.flatMap((wish) => wish.events)
  const nos = wishes.flatMap((wish) => wish.nos)
  const changesWebhooks = wishes.some((wish) => wish.changesWebhooks)
  if (events.length === 0 && nos.length === 0 && !changesWebhooks) return []
  const gate: Call = {
    statement: changesWebhooks ? statements.lockWebhooks : statements.shareWebhooks,
    values: [],
  }
  const columns = [
    encodeArray(
      'bytea',
      events.map(({ tenantId }) => tenantId),
    ),
    encodeArray(
      'text',
      events.map(({ type }) => type),
    ),
    encodeArray(
      'bytea',
      events.map(({ subjectId }) => subjectId),
    ),
  ]
  if (nos.length === 0) return [gate, { statement: statements.lockLinesOfEvents, values: columns }]
  return [gate, { statement: statements.lockLines, values: [...columns, encodeArray('bigint', nos)] }]
}
