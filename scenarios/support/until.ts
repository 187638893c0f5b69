import { setTimeout as wait } from 'node:timers/promises'

const usualPauseMs = 20

/** Asks again and again until the answer is not `undefined` and not `false`, and answers it. Throws after `withinMs`. */
export const until = async <T>(
  what: string,
  ask: () => T | Promise<T>,
  withinMs = 10_000,
  pauseMs = usualPauseMs,
): Promise<Exclude<T, undefined | false>> => {
  const deadline = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>
    if (performance.now() > deadline) throw new Error(`${what} did not come to be within ${withinMs} ms`)
    await wait(pauseMs)
  }
}
