import { expect, test } from 'vitest'
import { createPace } from './pace.ts'

/** A pace after so many parts, of which each card took so long. */
const paceAfter = (parts: number, costMs: number, pace = createPace()) => {
  for (let part = 0; part < parts; part++) pace.took(pace.size(), pace.size() * costMs)
  return pace
}

test('it begins with little and grows as far as a part takes twelve milliseconds', () => {
  expect(createPace().size()).toBe(32)
  expect(paceAfter(1, 0.1).size()).toBe(64)
  expect(paceAfter(20, 0.1).size()).toBe(120)
})

test('a part at most doubles', () => {
  const pace = createPace()
  pace.took(32, 0)
  expect(pace.size()).toBe(64)
})

test('it shrinks where cards become dear, to eight and not below', () => {
  const pace = paceAfter(20, 0.1)
  paceAfter(20, 0.5, pace)
  expect(pace.size()).toBe(24)
  expect(paceAfter(20, 100, pace).size()).toBe(8)
})

test('one part that was slow by chance does not count for more than a third', () => {
  const pace = paceAfter(20, 0.1)
  pace.took(pace.size(), pace.size() * 0.2)
  expect(pace.size()).toBeGreaterThan(85)
})

test('there is a most, however cheap they are', () => {
  expect(paceAfter(20, 0).size()).toBe(512)
})

test('where others are served as well a part is half of it, and eight still', () => {
  let isShared = false
  const pace = createPace(() => isShared)
  paceAfter(20, 0.1, pace)
  isShared = true
  expect(pace.size()).toBe(60)
  isShared = false
  expect(pace.size()).toBe(120)
  paceAfter(40, 100, pace)
  isShared = true
  expect(pace.size()).toBe(8)
})

test('a part of nothing says nothing', () => {
  const pace = paceAfter(20, 0.1)
  pace.took(0, 500)
  expect(pace.size()).toBe(120)
})
