import { type TestContext, test } from 'vitest'
import { isOnSqlite } from './backends.ts'

/** A story of the embedded database alone; on another it is a skipped test that says why. */
export const testOnSqlite = (
  title: string,
  reason: string,
  body: (context: TestContext) => unknown,
): void => {
  test(title, (context) => {
    context.skip(!isOnSqlite, `only on SQLite: ${reason}`)
    return body(context)
  })
}
