import { randomUUID } from 'node:crypto'
import { UnavailableError } from '@cardkeep/core/errors'
import type { IssuedCardId } from '@cardkeep/core/kernel/ids'
import { secondMs } from '@cardkeep/core/kernel/time'
import type { PendingTries } from '@cardkeep/core/ports'
import { createOwedTries } from '../owed-tries.ts'
import type { RedisConnection, ServerTime } from './connection.ts'
import type { Naming } from './redis-backend.ts'
import { createTryNames, type TryNames } from './try-names.ts'
import { enterTryScript, keepTriesScript, leaveTriesScript } from './try-scripts.ts'

/** A try whose node died counts for so long. */
const forgottenAfterMs = 30 * secondMs
/** So often a node says which of its own are still under way, however long a database takes. */
const keptEveryMs = 10 * secondMs
/** Beyond that the server is left to forget them by itself. */
const astrayAtMost = 10_000

/**
 * On a server that nodes share. While it is away nothing is tried: nodes that counted for themselves would each compare as
 * many as all of them together may.
 */
export const createRedisTries = (
  connection: Pick<RedisConnection, 'run'>,
  { prefix, hash }: Naming,
  time: ServerTime,
): PendingTries => {
  const node = randomUUID()
  /** Those that the server has answered. */
  const underWay = createTryNames()
  /** Those that it may still count although they are not under way: nobody heard its answer. */
  const astray = createTryNames()
  /** How many of a card this node has asked for and not left, answered or not. */
  const own = new Map<IssuedCardId, number>()
  let entered = 0
  let timer: NodeJS.Timeout | undefined

  const count = (card: IssuedCardId, more: 1 | -1): number => {
    const now = (own.get(card) ?? 0) + more
    if (now > 0) own.set(card, now)
    else own.delete(card)
    return now
  }

  const leave = async (card: IssuedCardId, tries: TryNames): Promise<void> => {
    try {
      await connection.run(leaveTriesScript, tries.keys, tries.names)
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error
      if (astray.size() >= astrayAtMost) return
      astray.add(card, tries)
      watch()
    }
  }
  const leaveAstray = (): void => {
    for (const [card, tries] of astray.takeAll()) void leave(card, tries)
  }

  const keep = async ({ keys, names }: TryNames): Promise<void> => {
    try {
      await connection.run(keepTriesScript, keys, [time(), String(forgottenAfterMs), ...names])
    } catch (error) {
      // They are there for a while yet, and the next time comes before their end.
      if (!(error instanceof UnavailableError)) throw error
    }
  }
  const watch = (): void => {
    timer ??= setInterval(() => {
      if (underWay.size() + astray.size() === 0) {
        clearInterval(timer)
        timer = undefined
      }
      leaveAstray()
      for (const tries of underWay.all()) void keep(tries)
    }, keptEveryMs).unref()
  }

  const enter = async (card: IssuedCardId, tries: TryNames): Promise<number> => {
    const answer = await connection.run(enterTryScript, tries.keys, [
      ...[time(), String(forgottenAfterMs), ...tries.names],
    ])
    underWay.add(card, tries)
    watch()
    leaveAstray()
    return Number(answer)
  }

  return {
    ...createOwedTries(),
    enter: async (card) => {
      const tries = {
        keys: [`${prefix}v:${hash(`issued card ${card}`)}`],
        names: [`${node} ${++entered}`],
      }
      const here = count(card, 1)
      try {
        // The server may have been emptied meanwhile.
        return Math.max(await enter(card, tries), here)
      } catch (error) {
        count(card, -1)
        // Perhaps only its answer was lost. This waits for the server, and goes before what is asked of it next.
        void leave(card, tries)
        throw error
      }
    },
    leave: async (card) => {
      // Whichever was entered first: which try it was is the same to all others.
      const tries = underWay.take(card)
      if (!tries) return
      count(card, -1)
      await leave(card, tries)
    },
  }
}
