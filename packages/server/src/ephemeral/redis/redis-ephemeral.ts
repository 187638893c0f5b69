import { UnfitError } from '@cardkeep/core/errors'
import type { Clock } from '@cardkeep/core/ports'
import type { Ephemeral } from '../ephemeral.ts'
import { fallBackGuesses, fallBackLockouts } from '../fall-back.ts'
import { createGuessLimits } from '../memory/guess-limits.ts'
import { createLockouts } from '../memory/lockouts.ts'
import { rememberClean } from '../remember-clean.ts'
import { sessionsPerOwner } from '../session-backend.ts'
import { adoptServer, type MarksSince } from './adopt-server.ts'
import {
  connectRedis,
  type Examine,
  type RedisListener,
  type RedisSettings,
  type ServerTime,
} from './connection.ts'
import { examineServer } from './examine-server.ts'
import { createRedisBackend, type Naming } from './redis-backend.ts'
import { createRedisKeys } from './redis-keys.ts'
import { createRedisGuessLimits, createRedisLockouts } from './redis-limits.ts'
import { createRedisMarks } from './redis-marks.ts'
import { createRedisSessions } from './redis-sessions.ts'
import { createRedisTries } from './redis-tries.ts'
import { countScript, sweepScript } from './scripts.ts'

export interface RedisEphemeralOptions {
  readonly settings: RedisSettings
  readonly clock: Clock
  /** How many codes one owner may hold at a time. */
  readonly limitPerOwner: number
  /** How many sessions of one owner may wait for an answer. */
  readonly sessionLimit?: number
  /** 16 bytes: a keyed hash, the same on every node. */
  readonly hashName: (text: string) => Buffer
  readonly marksSince: MarksSince
  readonly listener?: RedisListener
  /** For whoever only drops: also a server is opened on which nothing may be held, because what is there must go. */
  readonly isForRemoval?: boolean
  /** Before every key; `ck:` unless several vaults share a server's database. */
  readonly prefix?: string
  /** For tests: what time it is, instead of by the server's clock. */
  readonly time?: ServerTime
}

/**
 * Codes, sessions, marks, guesses and lock-outs on a Redis or Valkey server that nodes share. Throws `UnavailableError` where it cannot be
 * reached, or is such that a code could reach a disk or be evicted; the text says what to set.
 */
export const openRedisEphemeral = async (options: RedisEphemeralOptions): Promise<Ephemeral> => {
  const {
    settings,
    clock,
    limitPerOwner,
    sessionLimit = sessionsPerOwner,
    hashName,
    marksSince,
    listener = {},
    prefix = 'ck:',
    time = () => '0',
  } = options
  const examine: Examine = async (call) => {
    const fault = await examineServer(call)
    if (fault === undefined) await adoptServer(call, prefix, marksSince)
    return fault
  }
  const connection = connectRedis(settings, examine, listener)
  try {
    await connection.check()
  } catch (error) {
    if (!(error instanceof UnfitError && options.isForRemoval)) {
      await connection.close()
      throw error
    }
  }
  const naming: Naming = { prefix, hash: (text) => hashName(text).toString('base64url') }
  const guessesHere = createGuessLimits(clock)
  const countNames = (script: typeof countScript) =>
    connection.run(script, [`${prefix}owners`], [time(), prefix]).then(Number)
  return {
    codes: createRedisBackend(connection, naming, { limitPerOwner, time }),
    sessions: createRedisSessions(connection, naming, { limitPerOwner: sessionLimit, time }),
    sessionKeys: createRedisKeys(connection, naming),
    marks: createRedisMarks(connection, naming, { marksSince, time }),
    guesses: fallBackGuesses(createRedisGuessLimits(connection, naming, time), guessesHere),
    tries: createRedisTries(connection, naming, time),
    lockouts: rememberClean(
      fallBackLockouts(createRedisLockouts(connection, naming, time), createLockouts(clock)),
      clock,
    ),
    isShared: true,
    sweep: async () => {
      guessesHere.sweep()
      await countNames(sweepScript)
    },
    count: () => countNames(countScript),
    // The server forgets a code by itself and answers for none that is past its time.
    pastTheirTime: async () => 0,
    check: () => connection.check(),
    close: () => connection.close(),
  }
}
