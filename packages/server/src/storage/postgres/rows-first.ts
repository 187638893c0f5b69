import { encodeArray } from './arrays.ts'
import type { Call } from './database.ts'
import type { RowWishes } from './plan-list.ts'
import type { Statements } from './statements.ts'

/**
 * What locks the rows that these lists name, to be sent before any of them is written; nothing where each list changes one,
 * because lists come in an order that everyone has.
 */
export const lockRows = (statements: Statements, wishes: readonly RowWishes[]): readonly Call[] => {
  if (!wishes.some(({ areSeveral }) => areSeveral)) return []
  const tokens = wishes.flatMap((wish) => wish.tokens)
  const fingerprints = wishes.flatMap((wish) => wish.fingerprints)
  const columns = [0, 1].map((at) =>
    encodeArray(
      'bytea',
      fingerprints.map((named) => named[at] ?? null),
    ),
  )
  return [
    { statement: statements.lockTokens, values: [encodeArray('bytea', tokens)] },
    { statement: statements.lockFingerprints, values: columns },
  ]
}
