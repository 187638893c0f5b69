import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { epochMs } from '../kernel/time.ts'
import {
  type Expiry,
  isDueForRenewal,
  isExpired,
  isFarOff,
  isLater,
  parseExpiry,
  spellYear,
  twoDigits,
} from './expiry.ts'

const monthRefused = { ok: false, error: { type: 'InvalidExpiryMonth' } }
const yearRefused = { ok: false, error: { type: 'InvalidExpiryYear' } }

const expiry = (month: number, year: number): Expiry => ({ month, year, yearDigits: 4 })

test('months from 01 to 12 are read', () => {
  for (let month = 1; month <= 12; month++)
    expect(parseExpiry(String(month).padStart(2, '0'), '2030')).toEqual({
      ok: true,
      value: expiry(month, 2030),
    })
})

test.each([
  '',
  '0',
  '00',
  '1',
  '9',
  '13',
  '012',
  '1 ',
  ' 1',
  '1.',
  '-1',
  '+1',
  'ab',
  '12\n',
  '\u0661\u0662',
  '1\0',
])('"%s" is no month', (month) => {
  expect(parseExpiry(month, '2030')).toEqual(monthRefused)
})

test.each([
  ['30', 2030, 2],
  ['00', 2000, 2],
  ['99', 2099, 2],
  ['2000', 2000, 4],
  ['2030', 2030, 4],
  ['2099', 2099, 4],
])('the year %s is %i, and how it was written is kept', (text, year, yearDigits) => {
  expect(parseExpiry('12', text)).toEqual({ ok: true, value: { month: 12, year, yearDigits } })
})

test.each([
  '',
  '3',
  '203',
  '02030',
  '1999',
  '2100',
  '9999',
  '0030',
  '20 30',
  '-030',
  '3o',
  '2030\n',
  '\u0663\u0660',
])('"%s" is no year of a card', (year) => {
  expect(parseExpiry('12', year)).toEqual(yearRefused)
})

test('of two wrong parts the month is named', () => {
  expect(parseExpiry('13', '1999')).toEqual(monthRefused)
})

test('a year is shown as it was given', () => {
  expect(spellYear({ month: 1, year: 2009, yearDigits: 2 })).toBe('09')
  expect(spellYear({ month: 1, year: 2009, yearDigits: 4 })).toBe('2009')
  expect([twoDigits(1), twoDigits(12), twoDigits(2030), twoDigits(2100)]).toEqual(['01', '12', '30', '00'])
})

describe('a card is good to the last millisecond of its month in the last time zone', () => {
  test.each([
    [expiry(1, 2026), '2026-02-01T12:00:00.000Z'],
    [expiry(2, 2026), '2026-03-01T12:00:00.000Z'],
    [expiry(2, 2028), '2028-03-01T12:00:00.000Z'],
    [expiry(4, 2026), '2026-05-01T12:00:00.000Z'],
    [expiry(12, 2025), '2026-01-01T12:00:00.000Z'],
    [expiry(12, 2099), '2100-01-01T12:00:00.000Z'],
  ])('%o ends at %s', (card, end) => {
    const endMs = Date.parse(end)
    expect([isExpired(card, epochMs(endMs - 1)), isExpired(card, epochMs(endMs))]).toEqual([false, true])
  })
})

test('of two cards exactly the one whose month comes later is later', () => {
  const anyExpiry = fc.record({
    month: fc.integer({ min: 1, max: 12 }),
    year: fc.integer({ min: 2000, max: 2099 }),
    yearDigits: fc.constantFrom<2 | 4>(2, 4),
  })
  fc.assert(
    fc.property(anyExpiry, anyExpiry, (a, b) => {
      expect(isLater(a, b)).toBe(Date.UTC(a.year, a.month) > Date.UTC(b.year, b.month))
    }),
    { seed: 1 },
  )
  expect(isLater(expiry(1, 2031), expiry(12, 2030))).toBe(true)
  expect(isLater(expiry(12, 2030), expiry(1, 2031))).toBe(false)
  expect(isLater({ ...expiry(5, 2030), yearDigits: 2 }, expiry(5, 2030))).toBe(false)
})

test('a card is due for renewal from 92 days before its end', () => {
  const dueMs = Date.parse('2026-05-01T12:00:00.000Z') - 92 * 86_400_000
  expect([dueMs - 1, dueMs].map((at) => isDueForRenewal(expiry(4, 2026), epochMs(at)))).toEqual([false, true])
})

test('an expiry is far off where no card is good for so long', () => {
  const at = epochMs(Date.UTC(2026, 0, 1))
  expect([2029, 2046, 2074, 2092, 2099].map((year) => isFarOff(expiry(12, year), at))).toEqual([
    false,
    false,
    false,
    true,
    true,
  ])
})
