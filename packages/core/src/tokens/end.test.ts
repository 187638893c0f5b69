import { testCards } from '@cardkeep/testing/canary/cards'
import { cardOf } from '@cardkeep/testing/keys/fixture'
import { expect, test } from 'vitest'
import { type EpochMs, epochMs } from '../kernel/time.ts'
import { endAfterCard, endsAfterCard, endsAt, livesFor, type TokenEnd } from './end.ts'

const spell = (at: EpochMs | undefined) => at && new Date(at).toISOString()
const at = epochMs(Date.UTC(2026, 0, 1))
const card = (month: number, year: number) => ({
  ...cardOf(testCards.visa),
  expiry: { month, year, yearDigits: 4 } as const,
})

test.each([
  [1, 2030, '2031-03-01T00:00:00.000Z'],
  [10, 2030, '2031-12-01T00:00:00.000Z'],
  [11, 2030, '2032-01-01T00:00:00.000Z'],
  [12, 2030, '2032-02-01T00:00:00.000Z'],
  // A leap year's February is the last of the thirteen months.
  [1, 2027, '2028-03-01T00:00:00.000Z'],
  [12, 2098, '2100-02-01T00:00:00.000Z'],
])('a token outlives a card that ends in %d/%d until %s', (month, year, end) => {
  expect(spell(endAfterCard({ month, year, yearDigits: 4 }))).toBe(end)
})

const end = (expiresAt: number | undefined, endsWithCard = false): TokenEnd => ({
  expiresAt: expiresAt === undefined ? undefined : epochMs(expiresAt),
  endsWithCard,
})
const byCard = (month: number, year: number): TokenEnd => ({
  expiresAt: endAfterCard({ month, year, yearDigits: 4 }),
  endsWithCard: true,
})

test.each([
  ['a new one ends with its card', undefined, byCard(12, 2030)],
  ['the end moves along with the expiry', byCard(1, 2028), byCard(12, 2030)],
  ['also back', byCard(1, 2040), byCard(12, 2030)],
  ['an end that was chosen stays', end(at + 5), end(at + 5)],
  ['and so does none', end(undefined), end(undefined)],
])('where nobody chooses, %s', (_, had, expected) => {
  expect(endsAfterCard(had, card(12, 2030))).toEqual(expected)
})

test.each([undefined, byCard(12, 2030), end(at + 5), end(undefined)])(
  'an end that is chosen counts, whatever was before: %o',
  (had) => {
    expect(endsAt(epochMs(at + 7))(had, card(12, 2030))).toEqual(end(at + 7))
  },
)

test.each([
  ['a new one', undefined, 5, end(at + 5)],
  ['a new one without an end', undefined, undefined, end(undefined)],
  ['one that lives longer', end(at + 9), 5, end(at + 9)],
  ['one that lives shorter', end(at + 3), 5, end(at + 5)],
  ['one that lives as long', end(at + 5), 5, end(at + 5)],
  ['one that has no end', end(undefined), 5, end(undefined)],
  ['one that ends with its card', byCard(12, 2030), 5, byCard(12, 2030)],
  ['one whose card was issued again', byCard(1, 2028), 5, byCard(12, 2030)],
  ['one that would end before', byCard(12, 2030), Date.UTC(2040, 0, 1) - at, end(Date.UTC(2040, 0, 1))],
  ['one that somebody wants for ever', byCard(12, 2030), undefined, end(undefined)],
])('a lifetime never shortens the life of %s', (_, had, lifetimeMs, expected) => {
  expect(livesFor(lifetimeMs, at)(had, card(12, 2030))).toEqual(expected)
})
