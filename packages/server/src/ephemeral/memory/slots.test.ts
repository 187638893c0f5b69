import { describe, expect, test } from 'vitest'
import { nameBytes, sealedCodeBytes } from '../backend.ts'
import { createSlots, free, held, reserved, type Slots } from './slots.ts'

const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0)

/** More than the memory has room for at first. */
const many = 3_000

test('a slot has room for a name and a sealed code, and nothing stands in it at first', () => {
  const slots = createSlots()
  const slot = slots.allocate()
  expect(slots.tokenName(slot)).toHaveLength(nameBytes)
  expect(slots.sealed(slot)).toHaveLength(sealedCodeBytes)
  expect(isZero(slots.tokenName(slot)) && isZero(slots.sealed(slot))).toBe(true)
})

test('what is written in one slot stands in no other', () => {
  const slots = createSlots()
  const all = Array.from({ length: 10 }, () => slots.allocate())
  for (const slot of all) {
    slots.sealed(slot).fill(slot + 1)
    slots.tokenName(slot).fill(slot + 101)
  }
  for (const slot of all) {
    expect(slots.sealed(slot).every((byte) => byte === slot + 1)).toBe(true)
    expect(slots.tokenName(slot).every((byte) => byte === slot + 101)).toBe(true)
  }
})

test('a released slot is wiped, free, of the next generation, and used again', () => {
  const slots = createSlots()
  const slot = slots.allocate()
  slots.columns().state[slot] = held
  slots.columns().sealedLength[slot] = 40
  slots.sealed(slot).fill(7)
  slots.tokenName(slot).fill(7)
  const generation = slots.columns().generation[slot] ?? 0
  slots.release(slot)
  expect(isZero(slots.sealed(slot)) && isZero(slots.tokenName(slot))).toBe(true)
  expect(slots.columns().state[slot]).toBe(free)
  expect(slots.columns().sealedLength[slot]).toBe(0)
  expect(slots.columns().generation[slot]).toBe(generation + 1)
  expect(slots.allocate()).toBe(slot)
  expect(slots.top()).toBe(1)
})

test('growing keeps every slot with its columns, and wipes the memory that it leaves', () => {
  const slots = createSlots()
  const first = slots.allocate()
  slots.sealed(first).fill(9)
  slots.tokenName(first).fill(8)
  Object.entries({ state: held, sealedLength: 41, generation: 5, uses: -1, owner: 6, endsAt: 7.25 }).forEach(
    ([column, value]) => {
      slots.columns()[column as keyof ReturnType<typeof slots.columns>][first] = value
    },
  )
  const left = slots.sealed(first)
  const all = Array.from({ length: many }, () => slots.allocate())
  expect(new Set(all).size).toBe(many)
  expect(slots.top()).toBe(many + 1)
  expect(slots.sealed(first).every((byte) => byte === 9)).toBe(true)
  expect(slots.tokenName(first).every((byte) => byte === 8)).toBe(true)
  const { state, sealedLength, generation, uses, owner, endsAt } = slots.columns()
  expect([state, sealedLength, generation, uses, owner, endsAt].map((column) => column[first])).toEqual([
    held,
    41,
    5,
    -1,
    6,
    7.25,
  ])
  expect(isZero(left)).toBe(true)
})

describe('the slots of a token', () => {
  /** Names that begin alike, as one of four billion pairs does. */
  const alike = (last: number): Buffer => Buffer.concat([Buffer.alloc(nameBytes - 1, 3), Buffer.of(last)])

  const put = (slots: Slots, tokenName: Buffer): number => {
    const slot = slots.allocate()
    slots.columns().state[slot] = held
    slots.tokenName(slot).set(tokenName)
    return slot
  }

  test('are all with its whole name, reserved ones too, and no other', () => {
    const slots = createSlots()
    const mine = [put(slots, alike(1))]
    put(slots, alike(2))
    put(slots, Buffer.alloc(nameBytes, 4))
    mine.push(put(slots, alike(1)))
    slots.columns().state[mine[1] ?? 0] = reserved
    expect(slots.ofToken(alike(1))).toEqual(mine)
    expect(slots.ofToken(alike(3))).toEqual([])
    // Free slots are zeroed, which is a name as well.
    slots.allocate()
    expect(slots.ofToken(Buffer.alloc(nameBytes))).toEqual([])
  })

  test('are found wherever they stand once the memory has grown, by a name that stands anywhere in its buffer', () => {
    const slots = createSlots()
    const first = put(slots, alike(1))
    for (let at = 0; at < many; at++) put(slots, alike(2))
    const last = put(slots, alike(1))
    const shifted = Buffer.concat([Buffer.of(0), alike(1)]).subarray(1)
    expect(slots.ofToken(shifted)).toEqual([first, last])
  })
})

describe('where a code may be sent to', () => {
  const nameOf = (fill: number): Buffer => Buffer.alloc(nameBytes, fill)

  test('is anywhere until it is limited, and again once the slot was released', () => {
    const slots = createSlots()
    const [slot, other] = [slots.allocate(), slots.allocate()]
    expect(slots.maySendTo(slot, nameOf(1))).toBe(true)
    slots.limitTo(slot, [nameOf(1), nameOf(2)])
    expect([1, 2, 3].map((fill) => slots.maySendTo(slot, nameOf(fill)))).toEqual([true, true, false])
    expect(slots.maySendTo(other, nameOf(3))).toBe(true)
    slots.release(slot)
    expect(slots.maySendTo(slot, nameOf(3))).toBe(true)
  })

  test('is no name that two names only have between them', () => {
    const slots = createSlots()
    const slot = slots.allocate()
    const [one, two] = [nameOf(1), nameOf(2)]
    slots.limitTo(slot, [one, two])
    const between = Buffer.concat([one.subarray(8), two.subarray(0, 8)])
    expect(slots.maySendTo(slot, between)).toBe(false)
  })
})
