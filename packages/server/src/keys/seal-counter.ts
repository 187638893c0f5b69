import { UnavailableError } from '@cardkeep/core/errors'
import type { SealBudget } from './key-kinds.ts'

/**
 * Counts what is sealed with one key, so that it never passes the number of nonces that are safe under it. Seals are
 * reserved in blocks, durably and ahead: the count in the database may be too high after a crash and is never too low.
 */
export interface SealCounter {
  /** Counts one seal. `false`: none is reserved, and `reserve` has to come first. */
  count(): boolean
  /** Reserves a block. Throws `UnavailableError` when the key has none left, or when the store cannot be reached. */
  reserve(): Promise<void>
  /** The highest count known to be stored. */
  stored(): number
}

export interface SealCounterOptions {
  /** For the operator: which key it is. */
  readonly name: string
  readonly budget: SealBudget
  readonly stored: number
  /** Stores a higher count. `false` if one as high is stored already, by another process. */
  readonly raise: (upTo: number) => Promise<boolean>
  readonly readStored: () => Promise<number>
}

const attempts = 32

export const createSealCounter = (options: SealCounterOptions): SealCounter => {
  const { name, budget, raise, readStored } = options
  let stored = options.stored
  let left = 0
  let reserving: Promise<void> | undefined

  const reserveBlock = async (): Promise<void> => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      // Every process reserves by the same step, and an end that is stored already is refused: whoever stored an end owns
      // the whole block before it, however many processes reserve at once.
      const upTo = stored + budget.block
      if (upTo > budget.limit) throw new UnavailableError(limitMessage(name, budget.limit))
      const raised = await raise(upTo)
      stored = Math.max(raised ? upTo : await readStored(), stored)
      if (!raised) continue
      left += budget.block
      return
    }
    throw new UnavailableError(
      `seals of ${name} could not be reserved: others reserved theirs at every attempt`,
    )
  }

  const reserve = (): Promise<void> => {
    reserving ??= reserveBlock().finally(() => {
      reserving = undefined
    })
    return reserving
  }

  return {
    count: () => {
      if (left === 0) return false
      left--
      // The next block is fetched while half of this one is left, so that no seal waits for it. If that fails, the seal
      // that finds nothing left tries again and tells its caller.
      if (left === budget.block / 2) reserve().catch(() => {})
      return true
    },
    reserve: () => (left > 0 ? Promise.resolve() : reserve()),
    stored: () => stored,
  }
}

const limitMessage = (name: string, limit: number): string =>
  `${name} has made the ${limit} seals that are safe under one key: rotate it (keys rotate --purpose ...), ` +
  'which takes effect while the vault runs'
