import { setTimeout as wait } from 'node:timers/promises'
import { loadCard } from '@cardkeep/testing/canary/cards'
import type { Shop } from './shop.ts'
import { tokenizeBody } from './shop.ts'

export interface SteadyLoad {
  /** Tokens that callers were given. */
  readonly acknowledged: readonly string[]
  /** How often each status came that was not 201; `lost` is a connection that ended or was refused. */
  readonly failures: Readonly<Record<string, number>>
  /** The longest that anybody waited for an answer or for the end of a connection, in milliseconds. */
  readonly slowestMs: () => number
  /** Lets every caller finish what it waits for. */
  readonly end: () => Promise<void>
}

const pauseMs = 20
let cards = 0

/**
 * Callers who tokenise one card after another, each at one of the shops that `choose` answers when it is asked. What fails
 * is not sent again: the next card goes to whatever shop is chosen then.
 */
export const startSteadyLoad = (callers: number, choose: (caller: number) => Shop): SteadyLoad => {
  const acknowledged: string[] = []
  const failures: Record<string, number> = {}
  let slowest = 0
  let isOver = false
  const fail = async (kind: string): Promise<void> => {
    failures[kind] = (failures[kind] ?? 0) + 1
    await wait(pauseMs)
  }
  const call = async (caller: number): Promise<void> => {
    while (!isOver) {
      const since = performance.now()
      const reply = await tokenizeAt(choose(caller))
      slowest = Math.max(slowest, performance.now() - since)
      if (reply?.status === 201) acknowledged.push(String(reply.body['token']))
      else await fail(reply ? String(reply.status) : 'lost')
    }
  }
  const running = Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)))
  return {
    acknowledged,
    failures,
    slowestMs: () => slowest,
    end: async () => {
      isOver = true
      await running
    },
  }
}

const tokenizeAt = async (shop: Shop) => {
  const body = tokenizeBody({ number: loadCard(cards++) })
  try {
    return await shop.call('POST', '/tokenize', { body })
  } catch {
    return undefined
  }
}
