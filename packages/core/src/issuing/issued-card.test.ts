import fc from 'fast-check'
import { expect, test } from 'vitest'
import { passesLuhn } from '../cards/luhn.ts'
import { type EpochMs, epochMs } from '../kernel/time.ts'
import {
  cardHashOf,
  endOfCard,
  type IssuedCardStatus,
  idsPerMs,
  isLive,
  issuedCardIdOf,
} from './issued-card.ts'

const at = (text: string): EpochMs => epochMs(Date.parse(text))
const good = { status: 'NORMAL' as IssuedCardStatus, expiryYear: 2031, expiryMonth: 12 }

test('a card is good to the end of its month', () => {
  expect(new Date(endOfCard(good)).toISOString()).toBe('2032-01-01T00:00:00.000Z')
  expect(isLive(good, at('2031-12-31T23:59:59.999Z'))).toBe(true)
  expect(isLive(good, at('2032-01-01T00:00:00Z'))).toBe(false)
})

test('one that is blocked is still somebody’s, and one that is cancelled nobody’s', () => {
  const time = at('2026-03-01T00:00:00Z')
  expect(isLive({ ...good, status: 'BLOCKED' }, time)).toBe(true)
  expect(isLive({ ...good, status: 'CANCELED' }, time)).toBe(false)
})

test('ids grow with time, and are whole numbers that JSON keeps', () => {
  const early = at('2026-11-22T17:00:00Z')
  expect(issuedCardIdOf(early, idsPerMs - 1)).toBeLessThan(issuedCardIdOf(epochMs(early + 1), 0))
  expect(issuedCardIdOf(early, 0)).toBeLessThan(issuedCardIdOf(early, 1))
  expect(Number.isSafeInteger(issuedCardIdOf(at('2137-01-01T00:00:00Z'), idsPerMs - 1))).toBe(true)
})

const firstYear = Date.UTC(2026, 0, 1)

test('no id passes for a card number, whenever and with whatever random part it is made', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: firstYear, max: Date.UTC(2137, 0, 1) }),
      fc.nat(idsPerMs - 1),
      (time, random) => {
        expect(passesLuhn(String(issuedCardIdOf(epochMs(time), random)))).toBe(false)
      },
    ),
  )
})

test('ids of two moments, or of two random parts, stand in the order of those', () => {
  const moment = fc.tuple(fc.integer({ min: firstYear, max: Date.UTC(2137, 0, 1) }), fc.nat(idsPerMs - 1))
  fc.assert(
    fc.property(moment, moment, ([time, random], [otherTime, other]) => {
      const [id, otherId] = [issuedCardIdOf(epochMs(time), random), issuedCardIdOf(epochMs(otherTime), other)]
      expect(Math.sign(id - otherId)).toBe(Math.sign(time - otherTime || random - other))
    }),
  )
})

test('no id of those that are made together passes for a card number, and no two are one', () => {
  const early = at('2026-11-22T17:00:00Z')
  const ids = Array.from({ length: 20 * idsPerMs }, (_, index) =>
    issuedCardIdOf(epochMs(early + Math.floor(index / idsPerMs)), index % idsPerMs),
  )
  expect(ids.filter((id) => passesLuhn(String(id)))).toEqual([])
  expect(new Set(ids).size).toBe(ids.length)
})

test('what stands in the place of a hash is a UUID in the order of the ids, and ends at random', () => {
  const moment = fc.tuple(fc.integer({ min: firstYear, max: Date.UTC(2137, 0, 1) }), fc.nat(idsPerMs - 1))
  fc.assert(
    fc.property(moment, moment, fc.uuid(), fc.uuid(), ([time, random], [otherTime, other], uuid, another) => {
      const [id, otherId] = [issuedCardIdOf(epochMs(time), random), issuedCardIdOf(epochMs(otherTime), other)]
      const [hash, otherHash] = [cardHashOf(id, uuid), cardHashOf(otherId, another)]
      expect(hash).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
      expect(hash.slice(18)).toBe(uuid.slice(18))
      if (id < otherId) expect(hash < otherHash).toBe(true)
    }),
  )
})
