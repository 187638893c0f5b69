import type { Clock } from '@cardkeep/core/ports'
import { type MarkBackend, marksPerOwner } from '../mark-backend.ts'

export interface MemoryMarks extends MarkBackend {
  /** Forgets those that are past their time. Answers how many are left. */
  sweep(): number
}

interface Mark {
  /** On the clock that never steps. */
  readonly until: number
  /** When its client captured it. */
  readonly at: number
}

interface OwnerMarks {
  /** In the order in which they came, which is that of their ends. */
  readonly marks: Map<string, Mark>
  /**
   * Goes on with each that is forgotten: of what was captured as early nobody can tell from then on, and on a wall clock
   * that was set back it may be good again.
   */
  since: number
}

/**
 * In the memory of this process, which knows nothing of what was captured before `since`: before it began, or before the
 * latest time that a client whose clock was ahead captured a card for a process before this one. Every step is synchronous,
 * which on one thread makes it atomic. Where an owner has no room none of its captures is admitted: to forget one would let
 * its code come back.
 */
export const createMemoryMarks = (
  clock: Clock,
  { since = clock.now(), limit = marksPerOwner }: { readonly since?: number; readonly limit?: number } = {},
): MemoryMarks => {
  const owners = new Map<string, OwnerMarks>()

  const forget = (owned: OwnerMarks, now: number): void => {
    for (const [key, { until, at }] of owned.marks) {
      if (until > now) break
      owned.marks.delete(key)
      owned.since = Math.max(owned.since, at + 1)
    }
  }

  const sweep = (): number => {
    const now = clock.monotonic()
    let left = 0
    for (const owned of owners.values()) {
      forget(owned, now)
      left += owned.marks.size
    }
    return left
  }

  const ownedBy = (owner: string): OwnerMarks => {
    const owned = owners.get(owner) ?? { marks: new Map(), since }
    owners.set(owner, owned)
    return owned
  }

  return {
    admit: async ({ name, owner, ttlMs, at }) => {
      const now = clock.monotonic()
      const owned = ownedBy(owner)
      forget(owned, now)
      const key = name.toString('latin1')
      if (at < owned.since || owned.marks.has(key)) return 'known'
      if (owned.marks.size >= limit) return 'full'
      owned.marks.set(key, { until: now + ttlMs, at })
      return 'admitted'
    },
    release: async ({ name, owner }) => void owners.get(owner)?.marks.delete(name.toString('latin1')),
    sweep,
  }
}
