import { nameBytes, sealedCodeBytes } from '../backend.ts'

const slotBytes = nameBytes + sealedCodeBytes
const slotWords = slotBytes / 4
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
  /** Every slot with this token name, free ones left out. */
  ofToken(tokenName: Buffer): readonly number[]
  /** From now on the code may be sent only to what has one of these names of `nameBytes`. */
  limitTo(slot: number, destinations: readonly Buffer[]): void
  maySendTo(slot: number, destination: Buffer): boolean
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
  let words = wordsOf(bytes)
  let columns = createColumns(capacity)
  /**
   * Names of origins one behind the other, beside the rows: most codes may be sent anywhere, and they shall not pay for
   * those that may not. As text, because a buffer for each takes several times as much.
   */
  const destinations = new Map<number, string>()
  let top = 0
  const released: number[] = []

  const grow = (): void => {
    capacity *= 2
    const grown = Buffer.alloc(capacity * slotBytes)
    bytes.copy(grown)
    bytes.fill(0)
    bytes = grown
    words = wordsOf(bytes)
    columns = copyColumns(columns, capacity)
  }

  const nameAt = (slot: number): Buffer => bytes.subarray(slot * slotBytes, slot * slotBytes + nameBytes)

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
      destinations.delete(slot)
      released.push(slot)
    },
    top: () => top,
    tokenName: nameAt,
    sealed: (slot) => bytes.subarray(slot * slotBytes + nameBytes, (slot + 1) * slotBytes),
    ofToken: (tokenName) => {
      // A token is dropped often and holds few codes. Looking at one word of each row finds it among 100,000 in 0.2 ms
      // without an index that every code would pay for; comparing whole names takes 10 ms.
      const [first] = wordsOf(Buffer.alloc(nameBytes, tokenName))
      const found: number[] = []
      for (let slot = 0; slot < top; slot++)
        if (words[slot * slotWords] === first && columns.state[slot] !== free) found.push(slot)
      return found.filter((slot) => nameAt(slot).equals(tokenName))
    },
    limitTo: (slot, allowed) => void destinations.set(slot, Buffer.concat(allowed).toString('latin1')),
    maySendTo: (slot, destination) => {
      const allowed = destinations.get(slot)
      return allowed === undefined || holdsName(allowed, destination.toString('latin1'))
    },
    columns: () => columns,
  }
}

/** Whether the name is one of those; a match that begins inside of a name is none. */
const holdsName = (names: string, name: string): boolean => {
  for (let at = 0; at < names.length; at += nameBytes) if (names.startsWith(name, at)) return true
  return false
}

/** The same memory, four bytes at a time. */
const wordsOf = ({ buffer, byteOffset, length }: Buffer): Uint32Array =>
  new Uint32Array(buffer, byteOffset, length / 4)

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
