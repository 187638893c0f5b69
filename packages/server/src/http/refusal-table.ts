import type { Refusal } from '@cardkeep/core/errors'
import type { Route } from './route.ts'

/**
 * How a dialect says each refusal, in the words of the route that was asked where they differ. A refusal without a row does
 * not compile, also where no route of the dialect gives it today.
 */
export type RefusalTable<Answer> = {
  readonly [Type in Refusal['type']]: (refusal: Extract<Refusal, { type: Type }>, route?: Route) => Answer
}

export const answerTo = <Answer>(table: RefusalTable<Answer>, refusal: Refusal, route?: Route): Answer => {
  // Sound: the row of a refusal's type takes that refusal; the compiler cannot follow the pair.
  const row = table[refusal.type] as (refusal: Refusal, route?: Route) => Answer
  return row(refusal, route)
}
