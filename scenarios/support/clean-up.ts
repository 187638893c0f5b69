import { afterAll } from 'vitest'

const tasks: (() => unknown)[] = []

afterAll(async () => {
  for (const task of tasks.splice(0).toReversed()) await task()
})

/** Runs when the file's last test is over, also if one failed; what came last goes first. */
export const cleanUp = (task: () => unknown): void => {
  tasks.push(task)
}
