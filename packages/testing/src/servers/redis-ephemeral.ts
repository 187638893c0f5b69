import { createHmac, createSecretKey, randomUUID } from 'node:crypto'
import type { Clock } from '@cardkeep/core/ports'
import { nameBytes } from '@cardkeep/server/ephemeral/backend'
import type { Ephemeral } from '@cardkeep/server/ephemeral/ephemeral'
import type { MarksSince } from '@cardkeep/server/ephemeral/redis/adopt-server'
import type { RedisListener, RedisSettings } from '@cardkeep/server/ephemeral/redis/connection'
import { openRedisEphemeral } from '@cardkeep/server/ephemeral/redis/redis-ephemeral'

const key = createSecretKey(Buffer.from('a key for tests'))

/** Stands in for the keyed hash of the keyring. */
export const hashForTests = (text: string): Buffer =>
  createHmac('sha256', key).update(text).digest().subarray(0, nameBytes)

export interface RedisWish {
  readonly url: string
  readonly clock: Clock
  /** A part of the server's database that nobody else looks at, unless several shall share one. */
  readonly prefix?: string
  readonly limitPerOwner?: number
  readonly sessionLimit?: number
  /** Time passes only on the clock; otherwise as the server's does. */
  readonly isClockUsed?: boolean
  readonly settings?: Partial<RedisSettings>
  readonly listener?: RedisListener
  readonly isForRemoval?: boolean
  /** Since when a server that knows nothing of before answers for captures; the clock's time unless given. */
  readonly marksSince?: MarksSince
}

export const drawPrefix = (): string => `ck:${randomUUID()}:`

/** Codes, guesses and lock-outs on a server. Whoever opens it closes it. */
export const openOnRedis = (wish: RedisWish): Promise<Ephemeral> => {
  const { url, clock, prefix = drawPrefix(), limitPerOwner = 100_000, isClockUsed = false } = wish
  return openRedisEphemeral({
    settings: { url, passwordFile: undefined, password: undefined, tls: undefined, ...wish.settings },
    clock,
    limitPerOwner,
    hashName: hashForTests,
    prefix,
    marksSince: wish.marksSince ?? (async () => clock.now()),
    ...(wish.sessionLimit !== undefined && { sessionLimit: wish.sessionLimit }),
    ...(wish.listener && { listener: wish.listener }),
    ...(wish.isForRemoval && { isForRemoval: true }),
    ...(isClockUsed && { time: () => String(clock.monotonic()) }),
  })
}
