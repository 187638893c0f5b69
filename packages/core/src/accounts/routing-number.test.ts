import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseRoutingNumber } from './routing-number.ts'

const isRouting = (text: string): boolean => parseRoutingNumber(text).ok

// As banks and processors publish them.
const published = ['110000000', '021000021', '011401533', '122105155', '121000358', '322271627']

test.each(published)('%s is a routing number', (text) => {
  expect(parseRoutingNumber(text)).toEqual({ ok: true, value: text })
})

test.each([
  '',
  '11000000',
  '1100000000',
  '110 00000',
  '11000000a',
  '110000000\n',
  '000000000',
  '１１００００000',
])('"%s" is none', (text) => {
  expect(parseRoutingNumber(text)).toEqual({ ok: false, error: { type: 'InvalidRoutingNumber' } })
})

test('one wrong digit anywhere never passes', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...published),
      fc.nat(8),
      fc.integer({ min: 1, max: 9 }),
      (number, at, by) => {
        expect(isRouting(number.slice(0, at) + ((Number(number[at]) + by) % 10) + number.slice(at + 1))).toBe(
          false,
        )
      },
    ),
    { seed: 1 },
  )
})

test('of the ten digits that can end a number exactly one passes', () => {
  const body = fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 8, maxLength: 8 })
  fc.assert(
    fc.property(
      body.filter((digits) => digits !== '00000000'),
      (digits) => {
        expect('0123456789'.split('').filter((last) => isRouting(digits + last))).toHaveLength(1)
      },
    ),
    { seed: 2 },
  )
})
