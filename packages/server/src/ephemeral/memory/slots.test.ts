import { expect, test } from 'vitest'
import { nameBytes, sealedCodeBytes } from '../backend.ts'
import { createSlots, free, held } from './slots.ts'

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
