import { guessLimits, kindOfMark } from '@cardkeep/core/codes/guesses'
import type { GuessLimits, Lockouts } from '@cardkeep/core/ports'
import { failuresAllowed } from '@cardkeep/core/tenants/lockout'
import type { RedisConnection, ServerTime } from './connection.ts'
import type { Naming } from './redis-backend.ts'
import { failScript, guessScript, lockedScript, succeedScript, waitScript } from './scripts.ts'

/** Whoever counts here has a memory to fall back on, and must not hold up every request while the server is away. */
const atOnce = { patience: 'none' } as const

const wholeSeconds = (milliseconds: unknown): number | undefined =>
  Number(milliseconds) > 0 ? Math.ceil(Number(milliseconds) / 1000) : undefined

/** Buckets of guesses that all nodes pour into. */
export const createRedisGuessLimits = (
  connection: RedisConnection,
  { prefix, hash }: Naming,
  time: ServerTime,
): GuessLimits => {
  const keysOf = (marks: readonly string[]): readonly string[] =>
    marks.map((mark) => `${prefix}g:${hash(mark)}`)
  const argsOf = (marks: readonly string[]): readonly string[] => [
    time(),
    ...marks.flatMap((mark) => {
      const limit = guessLimits[kindOfMark(mark)]
      return [String(limit.atOnce), String(limit.everyMs)]
    }),
  ]
  return {
    waitSeconds: async (marks) =>
      marks.length === 0
        ? undefined
        : wholeSeconds(await connection.run(waitScript, keysOf(marks), argsOf(marks), atOnce)),
    failed: async (marks) => {
      if (marks.length > 0) await connection.run(guessScript, keysOf(marks), argsOf(marks), atOnce)
    },
  }
}

/** Failed proofs of credentials, whichever node they came to. */
export const createRedisLockouts = (
  connection: RedisConnection,
  { prefix, hash }: Naming,
  time: ServerTime,
): Lockouts => {
  const keyOf = (pair: string): readonly string[] => [`${prefix}l:${hash(pair)}`]
  return {
    remainingSeconds: async (pair) =>
      wholeSeconds(await connection.run(lockedScript, keyOf(pair), [time()], atOnce)),
    fail: async (pair) =>
      (await connection.run(failScript, keyOf(pair), [time()], atOnce)) === failuresAllowed,
    succeed: async (pair) => (await connection.run(succeedScript, keyOf(pair), [time()], atOnce)) === 1,
  }
}
