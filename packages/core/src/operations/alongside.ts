import type { Change } from '../changes.ts'

/** What else must become true in the same commit as an operation's own changes, such as the reply to an idempotency key. */
export type Alongside<Value> = (value: Value) => readonly Change[]

export const none = (): readonly Change[] => []
