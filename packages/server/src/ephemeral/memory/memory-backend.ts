import { reservationMs } from '@cardkeep/core/codes/held-code'
import { unlimitedUses } from '@cardkeep/core/codes/policy'
import type { Clock } from '@cardkeep/core/ports'
import type { CodeBackend, SealedCode } from '../backend.ts'
import { createSlots, free, held, reserved } from './slots.ts'

/*
 * The states of core/codes/held-code.ts in this process's memory. Every step is synchronous from its first read to
 * its last write, which on one thread makes it atomic. Time is the monotonic clock: setting the wall clock
 * back does not lengthen a code's life.
 */

interface HoldReceipt {
  readonly slot: number
  readonly generation: number
  readonly uses: number
}

interface Receipt {
  readonly name: string
  readonly slot: number
  readonly generation: number
  /** What goes back into the slot if its last use was taken. */
  readonly sealed: Buffer
  /** When the code ends, however often it comes back. */
  readonly endsAt: number
  /** One use comes back once: a second time it would be a use that nobody gave out. */
  isReturned: boolean
}

export interface MemoryBackend extends CodeBackend {
  /** Frees what is past its time; needs no read by anyone. Answers how many held codes expired. */
  sweep(): number
  /** How many codes are held now. */
  count(): number
  /** How many places are not free so long after their time. Every second's sweep keeps it at 0. */
  pastTheirTime(graceMs: number): number
}

export const createMemoryBackend = (options: {
  readonly clock: Clock
  /** How many codes one owner may hold at a time. */
  readonly limitPerOwner: number
}): MemoryBackend => {
  const { clock, limitPerOwner } = options
  const slots = createSlots()
  const byName = new Map<string, number>()
  const names: string[] = []
  const owners = createOwners()

  const release = (slot: number): void => {
    if (slots.columns().state[slot] === held) owners.add(slots.columns().owner[slot], -1)
    byName.delete(names[slot] ?? '')
    names[slot] = ''
    slots.release(slot)
  }

  const sweep = (): number => {
    const now = clock.monotonic()
    const { state, endsAt } = slots.columns()
    let expired = 0
    for (let slot = 0; slot < slots.top(); slot++) {
      if (state[slot] === free || (endsAt[slot] ?? 0) > now) continue
      if (state[slot] === held) expired++
      release(slot)
    }
    return expired
  }

  const pastTheirTime = (graceMs: number): number => {
    const before = clock.monotonic() - graceMs
    const { state, endsAt } = slots.columns()
    let late = 0
    for (let slot = 0; slot < slots.top(); slot++)
      if (state[slot] !== free && (endsAt[slot] ?? 0) <= before) late++
    return late
  }

  const hold = ({
    name,
    tokenName,
    owner,
    sealed,
    ttlMs,
    uses,
    destinations,
  }: SealedCode): HoldReceipt | undefined => {
    const key = name.toString('latin1')
    const index = owners.indexOf(owner)
    const before = byName.get(key)
    const replaces = before !== undefined && slots.columns().state[before] === held
    if (!replaces && owners.count(index) >= limitPerOwner) return undefined
    if (before !== undefined) release(before)

    const slot = slots.allocate()
    const columns = slots.columns()
    columns.state[slot] = held
    columns.uses[slot] = uses
    columns.owner[slot] = index
    columns.endsAt[slot] = clock.monotonic() + ttlMs
    columns.sealedLength[slot] = sealed.length
    slots.sealed(slot).set(sealed)
    slots.tokenName(slot).set(tokenName)
    if (destinations) slots.limitTo(slot, destinations)
    byName.set(key, slot)
    names[slot] = key
    owners.add(index, 1)
    return { slot, generation: columns.generation[slot] ?? 0, uses }
  }

  const take: CodeBackend['take'] = async (name, { tokenName, destination }) => {
    const key = name.toString('latin1')
    const slot = byName.get(key)
    if (slot === undefined) return undefined
    const { state, uses, endsAt, sealedLength, generation, owner } = slots.columns()
    const end = endsAt[slot] ?? 0
    if (state[slot] !== held || end <= clock.monotonic()) return undefined
    if (!slots.tokenName(slot).equals(tokenName)) return undefined
    if (!slots.maySendTo(slot, destination)) return undefined

    const sealed = Buffer.from(slots.sealed(slot).subarray(0, sealedLength[slot]))
    const receipt: Receipt = {
      name: key,
      slot,
      generation: generation[slot] ?? 0,
      sealed,
      endsAt: end,
      isReturned: false,
    }
    if (uses[slot] !== unlimitedUses) {
      uses[slot] = (uses[slot] ?? 0) - 1
      if (uses[slot] === 0) {
        slots.sealed(slot).fill(0)
        state[slot] = reserved
        endsAt[slot] = clock.monotonic() + reservationMs
        owners.add(owner[slot], -1)
      }
    }
    return { sealed, receipt }
  }

  const giveBack = (receipt: Receipt): boolean => {
    const { slot, generation, sealed, endsAt } = receipt
    const columns = slots.columns()
    if (receipt.isReturned || columns.generation[slot] !== generation) return false
    receipt.isReturned = true
    // A reservation may end before its code does, and nothing may depend on whether it was swept by then.
    if (Math.min(endsAt, columns.endsAt[slot] ?? 0) <= clock.monotonic()) {
      release(slot)
      return false
    }
    if (columns.state[slot] === held) {
      if (columns.uses[slot] !== unlimitedUses) columns.uses[slot] = (columns.uses[slot] ?? 0) + 1
      return true
    }
    slots.sealed(slot).set(sealed)
    columns.state[slot] = held
    columns.uses[slot] = 1
    columns.endsAt[slot] = endsAt
    owners.add(columns.owner[slot], 1)
    return true
  }

  /** Whether a caller would have found a code there. */
  const dropSlot = (slot: number): boolean => {
    const { state, endsAt } = slots.columns()
    const wasHeld = state[slot] === held && (endsAt[slot] ?? 0) > clock.monotonic()
    release(slot)
    return wasHeld
  }

  const undoHold = ({ slot, generation, uses }: HoldReceipt): boolean => {
    const columns = slots.columns()
    if (columns.generation[slot] !== generation) return false
    // Before it is gone. A reserved one has its last use in the hands of whoever took it.
    const isWhole = columns.uses[slot] === uses
    return dropSlot(slot) && isWhole
  }

  return {
    hold: async (code) => hold(code),
    undoHold: async (receipt) => undoHold(receipt as HoldReceipt),
    take,
    giveBack: async (receipt) => giveBack(receipt as Receipt),
    drop: async (name) => {
      const slot = byName.get(name.toString('latin1'))
      return slot !== undefined && dropSlot(slot)
    },
    dropToken: async (tokenName, owner) => {
      const index = owner === undefined ? undefined : owners.indexOf(owner)
      let dropped = false
      for (const slot of slots.ofToken(tokenName))
        if (index === undefined || slots.columns().owner[slot] === index) dropped = dropSlot(slot) || dropped
      return dropped
    },
    isHeld: async (name) => {
      const slot = byName.get(name.toString('latin1'))
      if (slot === undefined) return false
      const { state, endsAt } = slots.columns()
      return state[slot] === held && (endsAt[slot] ?? 0) > clock.monotonic()
    },
    dropAll: async () => {
      for (const slot of [...byName.values()]) release(slot)
    },
    sweep,
    count: () => owners.total(),
    pastTheirTime,
  }
}

/** Counts per owner, who is a small number in the slots instead of a string. */
const createOwners = () => {
  const indexes = new Map<string, number>()
  const counts: number[] = []
  return {
    indexOf: (owner: string): number => {
      const known = indexes.get(owner)
      if (known !== undefined) return known
      indexes.set(owner, counts.length)
      return counts.push(0) - 1
    },
    count: (index: number): number => counts[index] ?? 0,
    add: (index: number | undefined, by: 1 | -1): void => {
      if (index !== undefined) counts[index] = (counts[index] ?? 0) + by
    },
    total: (): number => counts.reduce((sum, count) => sum + count, 0),
  }
}
