import type { IssuedCardId } from '@cardkeep/core/kernel/ids'
import type { PendingTries } from '@cardkeep/core/ports'
import { createOwedTries } from '../owed-tries.ts'

/** In the memory of the one process that there is: what is under way ends with it, so nothing has to be forgotten. */
export const createMemoryTries = (): PendingTries => {
  const pending = new Map<IssuedCardId, number>()
  return {
    ...createOwedTries(),
    enter: async (card) => {
      const count = (pending.get(card) ?? 0) + 1
      pending.set(card, count)
      return count
    },
    leave: async (card) => {
      const left = (pending.get(card) ?? 0) - 1
      if (left > 0) pending.set(card, left)
      else pending.delete(card)
    },
  }
}
