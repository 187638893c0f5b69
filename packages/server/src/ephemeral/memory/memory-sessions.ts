import type { MonotonicMs } from '@cardkeep/core/kernel/time'
import type { Clock } from '@cardkeep/core/ports'
import { answeringMs, failuresAllowed } from '@cardkeep/core/sessions/capture-session'
import { type SealedState, type SessionBackend, sessionsPerOwner } from '../session-backend.ts'

/*
 * The states of core/sessions/capture-session.ts in this process's memory. Every step is synchronous from its first read to
 * its last write, which on one thread makes it atomic. Time is the clock that never steps.
 */

interface Row {
  readonly owner: string
  readonly sealed: Uint8Array
  readonly endsAt: number
  failures: number
  /** `undefined`: nobody has claimed it since it was last open. */
  claim: Claim | undefined
  sealedEnd: Uint8Array | undefined
}

interface Claim {
  readonly name: string
  readonly endsAt: number
  readonly marks: string[]
}

export interface MemorySessions extends SessionBackend {
  /** Frees what is past its time; needs no read by anyone. Answers how many sessions and marks are left. */
  sweep(): number
}

export const createMemorySessions = (
  clock: Clock,
  limitPerOwner: number = sessionsPerOwner,
): MemorySessions => {
  const rows = new Map<string, Row>()
  /** When each is forgotten. */
  const marks = new Map<string, number>()
  /** How many sessions of each owner have not ended. */
  const waiting = new Map<string, number>()

  const count = (owner: string, by: 1 | -1): void => {
    const after = (waiting.get(owner) ?? 0) + by
    if (after === 0) waiting.delete(owner)
    else waiting.set(owner, after)
  }

  const remove = (name: string, row: Row): void => {
    if (!row.sealedEnd) count(row.owner, -1)
    rows.delete(name)
  }

  const current = (name: string): Row | undefined => {
    const row = rows.get(name)
    if (row && !isOver(row.endsAt, clock.monotonic())) return row
    if (row) remove(name, row)
    return undefined
  }

  const stateOf = ({ sealedEnd, claim }: Row): SealedState => {
    if (sealedEnd) return { type: 'ended', sealedEnd }
    return claim && !isOver(claim.endsAt, clock.monotonic()) ? { type: 'answering' } : { type: 'open' }
  }

  /** The session, while this claim to it lasts. */
  const claimed = (claim: Claim): Row | undefined => {
    const row = current(claim.name)
    return row?.claim === claim && stateOf(row).type === 'answering' ? row : undefined
  }

  const end = (row: Row, sealedEnd: Uint8Array): void => {
    row.sealedEnd = keep(sealedEnd)
    row.claim = undefined
    count(row.owner, -1)
  }

  const sweep = (): number => {
    const now = clock.monotonic()
    for (const [name, row] of rows) if (isOver(row.endsAt, now)) remove(name, row)
    for (const [mark, endsAt] of marks) if (isOver(endsAt, now)) marks.delete(mark)
    return rows.size + marks.size
  }

  return {
    open: async ({ name, owner, sealed, ttlMs }) => {
      if ((waiting.get(owner) ?? 0) >= limitPerOwner) return false
      const endsAt = clock.monotonic() + ttlMs
      rows.set(keyOf(name), {
        ...{ owner, endsAt, failures: 0, claim: undefined, sealedEnd: undefined },
        sealed: keep(sealed),
      })
      count(owner, 1)
      return true
    },

    drop: async (name) => {
      const row = rows.get(keyOf(name))
      if (row) remove(keyOf(name), row)
    },

    find: async (name) => {
      const row = current(keyOf(name))
      return row && { type: 'found', sealed: row.sealed, state: stateOf(row) }
    },

    claim: async (name) => {
      const row = current(keyOf(name))
      if (!row) return undefined
      const state = stateOf(row)
      if (state.type !== 'open') return { type: 'found', sealed: row.sealed, state }
      const claim: Claim = { name: keyOf(name), endsAt: clock.monotonic() + answeringMs, marks: [] }
      row.claim = claim
      return { type: 'claimed', sealed: row.sealed, receipt: claim }
    },

    admit: async (receipt, { name, ttlMs }) => {
      const claim = receipt as Claim
      const mark = keyOf(name)
      if (!claimed(claim) || !isOver(marks.get(mark) ?? 0, clock.monotonic())) return false
      marks.set(mark, clock.monotonic() + ttlMs)
      claim.marks.push(mark)
      return true
    },

    release: async (receipt) => {
      const claim = receipt as Claim
      const row = claimed(claim)
      if (!row) return
      row.claim = undefined
      for (const mark of claim.marks) marks.delete(mark)
    },

    fail: async (receipt, sealedEnd) => {
      const claim = receipt as Claim
      const row = claimed(claim)
      if (row) {
        row.failures++
        row.claim = undefined
        if (row.failures >= failuresAllowed) end(row, sealedEnd)
      }
      const now = current(claim.name)
      return now && stateOf(now)
    },

    end: async (receipt, sealedEnd) => {
      const row = claimed(receipt as Claim)
      if (row) end(row, sealedEnd)
      return row !== undefined
    },

    dropAll: async () => {
      rows.clear()
      waiting.clear()
    },

    sweep,
  }
}

const keyOf = (name: Buffer): string => name.toString('latin1')

/** A copy of its own: a small buffer is often a part of a pool of 64 KiB, all of which it would keep for a quarter of an hour. */
const keep = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

const isOver = (endsAt: number, now: MonotonicMs): boolean => endsAt <= now
