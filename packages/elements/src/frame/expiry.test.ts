import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatExpiry, judgeExpiry, readExpiry, settleExpiry } from './expiry.ts'

const nowMs = Date.UTC(2026, 5, 15)

describe('typed key by key', () => {
  const type = (keys: string): string =>
    keys.split('').reduce((text, key) => formatExpiry(text + key, false), '')

  test.each([
    ['1', '1'],
    ['12', '12 / '],
    ['1230', '12 / 30'],
    ['430', '04 / 30'],
    ['0430', '04 / 30'],
    ['13', '01 / 3'],
    ['1/30', '01 / 30'],
    ['01/30', '01 / 30'],
    ['12/2030', '12 / 2030'],
    ['122030', '12 / 2030'],
    ['12301', '12 / 30'],
    ['0', '0'],
    ['00', '00 / '],
    ['4 / 30', '04 / 30'],
    ['x4', '04 / '],
  ])('%s becomes "%s"', (keys, shown) => {
    expect(type(keys)).toBe(shown)
  })
})

test.each([
  ['04/2030', '04 / 2030'],
  ['2030-04', '04 / 2030'],
  ['4.30', '04 / 30'],
  ['０４／３０', '04 / 30'],
  ['04 30', '04 / 30'],
  ['4/30', '04 / 30'],
])('"%s", pasted or filled in, becomes "%s"', (text, shown) => {
  expect(formatExpiry(text, false)).toBe(shown)
})

test('every key that deletes takes a character away that was typed', () => {
  expect(formatExpiry('12 / 3', true)).toBe('12 / 3')
  expect(formatExpiry('12 / ', true)).toBe('12')
  expect(formatExpiry('12', true)).toBe('12')
  expect(formatExpiry('1', true)).toBe('1')
  expect(formatExpiry('0 / ', true)).toBe('0')
})

test('a month can be changed digit by digit once its year is there', () => {
  expect(formatExpiry('1 / 30', true)).toBe('1 / 30')
  expect(formatExpiry('11 / 30', false)).toBe('11 / 30')
  expect(formatExpiry(' / 30', true)).toBe(' / 30')
  expect(formatExpiry('1 / 30', false)).toBe('1 / 30')
  // Its space was deleted, and a digit with it.
  expect(formatExpiry('1 /30', true)).toBe('1 / 30')
  expect(settleExpiry('1 / 30')).toBe('01 / 30')
})

test('a year of four digits is shown with two once the field is left', () => {
  expect(settleExpiry('04 / 2033')).toBe('04 / 33')
  expect(settleExpiry('04 / 3')).toBe('04 / 3')
})

test.each([
  ['', 'empty'],
  [' / 30', 'incomplete'],
  ['1', 'incomplete'],
  ['12 / ', 'incomplete'],
  ['12 / 3', 'incomplete'],
  ['12 / 203', 'incomplete'],
  ['00 / 30', 'invalid'],
  ['12 / 30', undefined],
  ['06 / 26', undefined],
  ['05 / 26', 'expired'],
  ['12 / 2020', 'expired'],
  ['12 / 92', 'invalid'],
])('"%s" is %s in June 2026', (text, error) => {
  expect(judgeExpiry(text, nowMs)).toBe(error)
})

test('every month of the next twenty years is read as it was typed', () => {
  const month = fc.integer({ min: 1, max: 12 })
  const year = fc.integer({ min: 2027, max: 2046 })
  fc.assert(
    fc.property(month, year, fc.boolean(), (m, y, isLong) => {
      const text = `${String(m).padStart(2, '0')}/${isLong ? y : String(y).slice(2)}`
      expect(readExpiry(formatExpiry(text, false))).toEqual({ month: m, year: y })
      expect(judgeExpiry(formatExpiry(text, false), nowMs)).toBeUndefined()
    }),
    { seed: 1 },
  )
})

test('what is shown is in its form already', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789/ -'.split('')), maxLength: 9 }), (text) => {
      const shown = formatExpiry(text, false)
      expect(formatExpiry(shown, false)).toBe(shown)
    }),
    { seed: 1, numRuns: 1_000 },
  )
})
