import { afterAll } from 'vitest'

const tasks: (() => unknown)[] = []

afterAll(async () => {
  const failures: unknown[] = []
  for (const task of tasks.splice(0).toReversed())
    try {
      await task()
    } catch (error) {
      failures.push(error)
    }
  if (failures.length > 0) throw new AggregateError(failures, 'not everything could be cleaned up')
})

/**
 * Runs when the file's last test is over, also if one failed or a `beforeAll` did; what came last goes first. What fails
 * outside of tests and hooks runs no hook, so a file does no more there than start its vault.
 */
export const cleanUp = (task: () => unknown): void => {
  tasks.push(task)
}
