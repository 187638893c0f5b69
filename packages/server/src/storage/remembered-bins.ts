import type { BinRecord } from '@cardkeep/core/bins/bin'
import type { Store } from '@cardkeep/core/ports'

/** What the operator's table says of prefixes, that it knows none of them too. */
export interface RememberedBins {
  readonly bin: Store['bin']
  forget(): void
}

/** A shop sees the cards of some hundred issuers again and again. */
const remembered = 10_000

/**
 * Nearly every card that comes or is shown is looked up, and the table changes when an operator brings another. Prefixes
 * of six to eight digits are no card numbers.
 */
export const rememberBins = (read: Store['bin']): RememberedBins => {
  const known = new Map<string, BinRecord | undefined>()
  let generation = 0
  return {
    bin: async (prefixes) => {
      const key = prefixes.join()
      const bin = known.get(key)
      if (bin || known.has(key)) return bin
      const begunIn = generation
      const found = await read(prefixes)
      // What was read before the table changed may be what it said before.
      if (begunIn === generation) keep(known, key, found)
      return found
    },
    forget: () => {
      generation++
      known.clear()
    },
  }
}

const keep = (known: Map<string, BinRecord | undefined>, key: string, bin: BinRecord | undefined): void => {
  known.set(key, bin)
  const [oldest] = known.keys()
  if (known.size > remembered && oldest !== undefined) known.delete(oldest)
}
