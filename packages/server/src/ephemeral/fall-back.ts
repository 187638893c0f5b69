import { UnavailableError } from '@cardkeep/core/errors'
import type { GuessLimits, Lockouts } from '@cardkeep/core/ports'

/*
 * While the server that nodes share is away, each node counts for itself: whoever guesses is still slowed down, and who does
 * not is served. What was counted here in the meantime holds on when the server is back, until its time is over.
 */

export const fallBackLockouts = (shared: Lockouts, here: Lockouts): Lockouts => ({
  remainingSeconds: async (pair) => {
    const [one, other] = [
      await here.remainingSeconds(pair),
      await orElse(
        () => shared.remainingSeconds(pair),
        async () => undefined,
      ),
    ]
    return longer(one, other)
  },
  fail: (pair) =>
    orElse(
      () => shared.fail(pair),
      () => here.fail(pair),
    ),
  succeed: async (pair) =>
    (await here.succeed(pair)) &&
    orElse(
      () => shared.succeed(pair),
      async () => true,
    ),
})

export const fallBackGuesses = (shared: GuessLimits, here: GuessLimits): GuessLimits => ({
  waitSeconds: async (marks) => {
    const [one, other] = [
      await here.waitSeconds(marks),
      await orElse(
        () => shared.waitSeconds(marks),
        async () => undefined,
      ),
    ]
    return longer(one, other)
  },
  failed: (marks) =>
    orElse(
      () => shared.failed(marks),
      () => here.failed(marks),
    ),
})

const longer = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.max(one, other)

const orElse = async <T>(first: () => Promise<T>, second: () => Promise<T>): Promise<T> => {
  try {
    return await first()
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error
    return second()
  }
}
