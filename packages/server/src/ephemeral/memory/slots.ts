import { nameBytes, sealedCodeBytes } from '../backend.ts'

const slotBytes = nameBytes + sealedCodeBytes
const firstCapacity = 1024

export const free = 0
export const held = 1
export const reserved = 2

/**
 * The memory of held codes: rows of fixed size in a few arrays. An object per code would cost several times as
 * much, and could not be wiped; a row is zeroed as soon as its code is gone.
 */
export interface Slots {
  allocate(): number
  release(slot: number): void
  /** One more than the highest slot ever used: what a scan has to look at. */
  top(): number
  sealed(slot: number): Buffer
  tokenName(slot: number): Buffer
  columns(): Columns
}

export interface Columns {
  readonly state: Uint8Array
  readonly sealedLength: Uint8Array
  /** Goes up whenever the slot is released, so that a receipt for an earlier use of it fits no more. */
  readonly generation: Uint32Array
  readonly uses: Int32Array
  /** Which owner's limit it counts against. */
  readonly owner: Uint32Array
  /** On the monotonic clock. */
  readonly endsAt: Float64Array
}

export const createSlots = (): Slots => {
  let capacity = firstCapacity
  let bytes = Buffer.alloc(capacity * slotBytes)
  let columns = createColumns(capacity)
  let top = 0
  const released: number[] = []

  const grow = (): void => {
    capacity *= 2
    const grown = Buffer.alloc(capacity * slotBytes)
    bytes.copy(grown)
    bytes.fill(0)
    bytes = grown
    columns = copyColumns(columns, capacity)
  }

  return {
    allocate: () => {
      const reused = released.pop()
      if (reused !== undefined) return reused
      if (top === capacity) grow()
      return top++
    },
    release: (slot) => {
      bytes.fill(0, slot * slotBytes, (slot + 1) * slotBytes)
      columns.state[slot] = free
      columns.sealedLength[slot] = 0
      columns.generation[slot] = (columns.generation[slot] ?? 0) + 1
      released.push(slot)
    },
    top: () => top,
    tokenName: (slot) => bytes.subarray(slot * slotBytes, slot * slotBytes + nameBytes),
    sealed: (slot) => bytes.subarray(slot * slotBytes + nameBytes, (slot + 1) * slotBytes),
    columns: () => columns,
  }
}

const createColumns = (capacity: number): Columns => ({
  state: new Uint8Array(capacity),
  sealedLength: new Uint8Array(capacity),
  generation: new Uint32Array(capacity),
  uses: new Int32Array(capacity),
  owner: new Uint32Array(capacity),
  endsAt: new Float64Array(capacity),
})

const copyColumns = (from: Columns, capacity: number): Columns => {
  const to = createColumns(capacity)
  to.state.set(from.state)
  to.sealedLength.set(from.sealedLength)
  to.generation.set(from.generation)
  to.uses.set(from.uses)
  to.owner.set(from.owner)
  to.endsAt.set(from.endsAt)
  return to
}
