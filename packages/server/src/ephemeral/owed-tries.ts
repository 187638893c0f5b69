import type { IssuedCardId } from '@cardkeep/core/kernel/ids'
import type { CountOwed, PendingTries } from '@cardkeep/core/ports'

/** Of all cards; those that are under way when it is reached come on top. */
const owedAtMost = 10_000

/**
 * In the memory of the process, also where nodes share a server: what a disk refuses to count must not wait for another
 * machine. A process that dies forgets them.
 */
export const createOwedTries = (): Pick<PendingTries, 'owe' | 'owed' | 'countOwed' | 'mustCountFirst'> => {
  /** Those that nobody is counting now. */
  const waiting = new Map<IssuedCardId, CountOwed[]>()
  /** How many there are of a card, with those that are being counted. */
  const owed = new Map<IssuedCardId, number>()
  let size = 0

  const queue = (card: IssuedCardId, count: CountOwed): void => {
    const counts = waiting.get(card)
    if (counts) counts.push(count)
    else waiting.set(card, [count])
  }
  const take = (card: IssuedCardId): CountOwed | undefined => {
    const counts = waiting.get(card)
    const count = counts?.shift()
    if (counts?.length === 0) waiting.delete(card)
    return count
  }
  const add = (card: IssuedCardId, more: 1 | -1): void => {
    size += more
    const left = (owed.get(card) ?? 0) + more
    if (left > 0) owed.set(card, left)
    else owed.delete(card)
  }

  return {
    owe: (card, count) => {
      add(card, 1)
      queue(card, count)
    },
    owed: (card) => owed.get(card) ?? 0,
    countOwed: async (card) => {
      let counted = 0
      for (let count = take(card); count; count = take(card)) {
        try {
          await count()
        } catch (error) {
          queue(card, count)
          throw error
        }
        add(card, -1)
        counted++
      }
      return counted
    },
    mustCountFirst: () =>
      size < owedAtMost ? undefined : (waiting.keys().next().value ?? owed.keys().next().value),
  }
}
