import type { SqlValue } from '../sql/values.ts'
import { type ElementType, encodeArray } from './arrays.ts'
import type { Call } from './database.ts'
import type { ListStep } from './plan-list.ts'
import type { PostgresStatementName, Statements } from './statements.ts'

interface Batch {
  /** Takes the values of many steps as arrays, one for each value of the one statement. */
  readonly together: PostgresStatementName
  readonly types: readonly ElementType[]
}

const fingerprint: readonly ElementType[] = ['bytea', 'bytea', 'bytea', 'bigint', 'bigint']

const token: readonly ElementType[] = [
  ...(['bytea', 'bytea', 'bytea', 'bytea', 'bigint', 'text', 'bigint', 'bigint', 'text', 'text'] as const),
  ...(['text', 'text', 'bigint', 'bytea', 'bigint', 'bigint', 'bigint', 'bigint', 'bigint'] as const),
]

const rotation: readonly ElementType[] = [
  ...(['bigint', 'bytea', 'bytea', 'bigint', 'bigint', 'bigint', 'bigint', 'bigint', 'bigint'] as const),
  ...(['bytea', 'bigint', 'bigint'] as const),
]

const event: readonly ElementType[] = ['bytea', 'text', 'bytea', 'text', 'bytea', 'bigint', 'text']

const batches: { readonly [Name in PostgresStatementName]?: Batch } = {
  putFingerprint: { together: 'putFingerprints', types: fingerprint },
  putToken: { together: 'putTokens', types: token },
  replaceRotation: { together: 'replaceRotations', types: rotation },
  emitEvent: { together: 'emitEvents', types: event },
}

/** The order in which they come: a token refers to its fingerprint. */
const batched = ['putFingerprint', 'putToken', 'replaceRotation', 'emitEvent'] as const

export interface BatchedCall {
  readonly call: Call
  /** How many rows it must have changed; `undefined` where that says nothing. */
  readonly expected: number | undefined
}

/** Steps of loose lists as few statements; those that have no such form stay as they are, and come last. */
export const batchSteps = (statements: Statements, steps: readonly ListStep[]): readonly BatchedCall[] => [
  ...batched.flatMap((name) => {
    const rows = steps.filter(({ statement }) => statement === name)
    const batch = batches[name]
    if (rows.length === 0 || !batch) return []
    const call = { statement: statements[batch.together], values: columnsOf(batch.types, rows) }
    return [{ call, expected: rows.every(({ expects }) => expects === 'change') ? rows.length : undefined }]
  }),
  ...steps
    .filter(({ statement }) => !batches[statement])
    .map(({ statement, values, expects }) => ({
      call: { statement: statements[statement], values },
      expected: expects === 'nothing' ? undefined : 1,
    })),
]

const columnsOf = (types: readonly ElementType[], rows: readonly ListStep[]): readonly Buffer[] =>
  types.map((type, column) =>
    encodeArray(
      type,
      rows.map(({ values }): SqlValue => values[column] ?? null),
    ),
  )
