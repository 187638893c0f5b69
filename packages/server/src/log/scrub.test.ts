import { loadCard, testCards } from '@cardkeep/testing/canary/cards'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findCardNumbers, scrubCardNumbers } from './scrub.ts'

const masked = '[card number]'

const spaced = (number: string, separator: string): string =>
  number.replaceAll(/(\d{4})(?=\d)/g, `$1${separator}`)

/** Digits that a scrubbed text still shows of a number, in a row, whatever stands between them. */
const shows = (text: string, number: string): boolean => text.replaceAll(/[ -]/g, '').includes(number)

describe.each(Object.entries({ ...testCards, long: '6205500000000000004', ofNoScheme: '9999999999999995' }))(
  '%s is masked',
  (_, number) => {
    test.each([
      ['plain', number],
      ['with spaces', spaced(number, ' ')],
      ['with dashes', spaced(number, '-')],
      ['in groups of other lengths', `${number.slice(0, 4)} ${number.slice(4, 10)} ${number.slice(10)}`],
      ['digit by digit', number.split('').join(' ')],
    ])('%s', (__, written) => {
      expect(scrubCardNumbers(written)).toBe(masked)
      expect(scrubCardNumbers(`{"n":"${written}"}`)).toBe(`{"n":"${masked}"}`)
      expect(scrubCardNumbers(`x${written}y`)).toBe(`x${masked}y`)
      expect(scrubCardNumbers(`${written}, ${written}`)).toBe(`${masked}, ${masked}`)
    })
  },
)

describe('a number is masked although others stand beside it', () => {
  const { visa } = testCards
  test.each([
    ['a time in milliseconds', `1767225600001 ${visa}`],
    ['an amount', `100 ${visa} 20`],
    ['an expiry', `${spaced(visa, ' ')} 12 30`],
    ['an expiry with dashes', `${spaced(visa, '-')}-12-30`],
    ['a date', `2026-01-01 ${spaced(visa, ' ')}`],
    ['another card number', `${visa} ${testCards.amex}`],
    ['many others', `7 77 777 7777 77777 ${visa} 7 77 777 7777 77777`],
  ])('%s', (_, text) => {
    const scrubbed = scrubCardNumbers(text)
    expect(scrubbed).toContain(masked)
    expect(shows(scrubbed, visa)).toBe(false)
    expect(shows(scrubbed, testCards.amex)).toBe(false)
  })

  test('whatever they are', () => {
    const group = fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 1, maxLength: 14 })
    const separator = fc.constantFrom(' ', '-')
    const neighbours = fc.array(
      fc.tuple(group, separator).map(([digits, between]) => digits + between),
      { maxLength: 4 },
    )
    fc.assert(
      fc.property(
        neighbours,
        fc.nat(99_999_999),
        fc.constantFrom('', ' ', '-'),
        neighbours,
        (before, at, between, after) => {
          const number = loadCard(at)
          const behind = after.map((part) => part.at(-1) + part.slice(0, -1)).join('')
          const scrubbed = scrubCardNumbers(before.join('') + spaced(number, between) + behind)
          expect(scrubbed).toContain(masked)
          expect(shows(scrubbed, number)).toBe(false)
        },
      ),
      { seed: 1, numRuns: 500 },
    )
  })
})

describe('a number is masked although other digits touch it', () => {
  test.each([
    ['behind it', `${testCards.visa}00`],
    ['many behind it', `${testCards.visa}0000`],
    ['before it', `000${testCards.visa}`],
    ['on both sides', `77${testCards.mastercard}7777777777`],
    ['in its last group', `${spaced(testCards.visa, ' ')}0000`],
    ['in its first group', `77${spaced(testCards.visa, '-')}`],
  ])('%s', (_, text) => {
    expect(scrubCardNumbers(text)).toBe(masked)
    expect(scrubCardNumbers(`${'a'.repeat(30)}${text}z`)).toBe(`${'a'.repeat(30)}${masked}z`)
  })
})

test('of digits in a row those are found that are as many as a known scheme has, at either end too', () => {
  const { visa13, visa } = testCards
  expect(findCardNumbers(`00${visa13}`)).toEqual([{ from: 2, to: 15 }])
  expect(findCardNumbers(`${visa}99`)).toEqual([{ from: 0, to: 16 }])
  // Fourteen digits that pass the check, of a scheme that has thirteen, sixteen or nineteen.
  expect(findCardNumbers('9940000000000002')).toEqual([])
})

describe('what is no card number is left alone', () => {
  test.each([
    ['another check digit', '4111111111111112'],
    ['twelve digits', '411111111111'],
    ['twenty digits in which none stands', '80000000000000000001'],
    ['two spaces between digits', '4111  1111  1111  1111'],
    ['a mask', '411111******1111'],
    ['a time with a zone', '2026-01-01T00:00:00.000Z'],
    ['an address', '192.168.100.200:65535'],
    ['a hexadecimal id', 'd9cb469fa16570867728950e'],
    ['nothing', ''],
  ])('%s', (_, text) => {
    expect(scrubCardNumbers(text)).toBe(text)
  })

  test('every time in milliseconds between 2020 and 2030', () => {
    const times = fc.integer({ min: Date.UTC(2021), max: Date.UTC(2030) })
    fc.assert(
      fc.property(times, (ms) => {
        expect(scrubCardNumbers(`{"time":${ms}}`)).toBe(`{"time":${ms}}`)
      }),
      { seed: 2, numRuns: 500 },
    )
  })

  test('every id of the vault, also one of digits only', () => {
    fc.assert(
      fc.property(fc.uuid({ version: 4 }), (id) => {
        expect(scrubCardNumbers(`"${id}"`)).toBe(`"${id}"`)
      }),
      { seed: 3, numRuns: 500 },
    )
    const digitsOnly = '41111111-1111-4111-8111-111111111111'
    expect(scrubCardNumbers(digitsOnly)).toBe(digitsOnly)
  })
})
