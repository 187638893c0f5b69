import type { Store } from '@cardkeep/core/ports'

/** A store that tells when an event was committed through it. */
export const watchEvents = <Of extends Store>(store: Of, told: () => void): Of => ({
  ...store,
  commit: async (changes) => {
    const committed = await store.commit(changes)
    if (committed.ok && changes.some(({ type }) => type === 'emit-event')) told()
    return committed
  },
})
