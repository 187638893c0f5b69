import type { Change } from '@cardkeep/core/changes'
import type { TokenId } from '@cardkeep/core/kernel/ids'
import type { Store } from '@cardkeep/core/ports'
import type { TokenStanding } from '@cardkeep/core/tokens/token'

/**
 * Remembers whether tokens may be used, because whoever is refused asks again. What another process changed may be
 * told wrongly until the database is looked at again, so an operation may refuse by it and never allow: before a
 * token is used it is read, and the commit expects the version that was read.
 */
export interface Standings {
  readonly standing: Store['standing']
  /** To be called before and after such a list is committed. */
  touched(changes: readonly Change[]): void
  forget(): void
}

/** A token that is asked for often is among the last so many. */
const remembered = 10_000

interface Reading {
  isOvertaken: boolean
}

export const createStandings = (read: Store['standing']): Standings => {
  const known = new Map<TokenId, TokenStanding>()
  const readings = new Map<TokenId, Set<Reading>>()

  const readAndKeep = async (id: TokenId): Promise<TokenStanding | undefined> => {
    const reading: Reading = { isOvertaken: false }
    const others = readings.get(id) ?? new Set()
    readings.set(id, others.add(reading))
    try {
      const standing = await read(id)
      // Callers could fill the memory with tokens that do not exist.
      if (standing && !reading.isOvertaken) keep(standing)
      return standing
    } finally {
      others.delete(reading)
      if (others.size === 0) readings.delete(id)
    }
  }

  const keep = (standing: TokenStanding): void => {
    known.set(standing.id, standing)
    const [oldest] = known.keys()
    if (known.size > remembered && oldest !== undefined) known.delete(oldest)
  }

  const drop = (id: TokenId): void => {
    known.delete(id)
    for (const reading of readings.get(id) ?? []) reading.isOvertaken = true
  }

  return {
    standing: async (id) => known.get(id) ?? (await readAndKeep(id)),
    touched: (changes) => {
      for (const change of changes)
        if (change.type === 'put-token' || change.type === 'replace-token' || change.type === 'erase-token')
          drop(change.token.id)
    },
    forget: () => {
      for (const id of [...known.keys(), ...readings.keys()]) drop(id)
    },
  }
}
