import { testCards } from '@cardkeep/testing/canary/cards'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { holdsCardNumber, valuesHoldCardNumber } from './texts.ts'

const number = testCards.visa

const grouped = (by: string): string => number.replaceAll(/\d{4}(?=\d)/g, `$&${by}`)

describe('a card number is seen', () => {
  test.each([
    ['as it is', number],
    ['behind a word', `card${number}x`],
    ['in groups with underscores', grouped('_')],
    ['in groups with dots', grouped('.')],
    ['in groups with slashes and spaces', grouped(' / ')],
    ['in groups with what nobody sees', grouped('\u200b')],
    ['digit by digit', number.split('').join('·')],
    ['in full width', number.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))],
    ['in Arabic digits', number.replaceAll(/\d/g, (digit) => String.fromCodePoint(0x0660 + Number(digit)))],
    ['before other digits', `${number}0000`],
    ['behind other digits', `7.${grouped('.')}`],
    ['between other digits', `99${grouped('-')}99`],
    ['before an expiry', `${grouped(' ')} 12/30`],
    ['of another scheme', testCards.amex],
    ['of no known scheme, alone', '9999 9999 9999 9995'],
    ['of no known scheme, in a row', '9999999999999995, 12/30'],
    ['beside a time', `2026-01-01 10:00 ${grouped(' ')} 2026-01-01`],
    ['behind whose first digits a date seems to stand', '41112012-01-01-0008'],
    ['before whose last digits one does', '2012-01-011111-1119'],
    ['in the form of an id', '41111111-1111-1111-0000-000000000000'],
  ])('%s', (_, text) => {
    expect([holdsCardNumber(text), valuesHoldCardNumber({ note: text })]).toEqual([true, true])
  })

  test.each<readonly [string, object]>([
    ['for a name', { [number]: true }],
    ['for a number', { order: Number(number) }],
    ['for a fraction', { rate: Number(`0.${number}`) }],
    ['in parts', { parts: ['4111', '1111', '1111', '1111'] }],
    ['in parts that are numbers', { parts: [4111, 1111, 1111, 1111] }],
    ['digit by digit', { parts: number.split('') }],
    ['in parts with names', { a: '4111', b: '1111', c: '1111', d: '1111' }],
    ['in parts of parts', { a: [['4111', '1111'], [{ b: 11111111 }]] }],
    ['in parts with others beside them', { parts: ['77', '4111-', '1111 1111', '1111', '12/30'] }],
    ['in parts of full width', { parts: ['４１１１', '１１１１', '１１１１', '１１１１'] }],
  ])('in metadata %s', (_, metadata) => {
    expect(valuesHoldCardNumber(metadata)).toBe(true)
  })
})

describe('what is no card number is let through', () => {
  test.each([
    'Travel 2026',
    '+49 30 901820',
    '+1 (555) 010-9999',
    '+49 (0) 1512 3456789',
    'order 4111-1111',
    'invoice 202601010042',
    '550e8400-e29b-41d4-a716-446655440000',
    '2026-01-01T10:00:00.000Z',
    '2026-01-01 10:00:00.000000',
    '2026-01-01/2026-12-31',
    '1,234,567.89',
    '192.168.100.200:65535',
    '1767225600008',
    'DE89 3704 0044 0532 0130 00',
    '4111x1111x1111x1111',
  ])('%s', (text) => {
    expect([holdsCardNumber(text), valuesHoldCardNumber({ note: text })]).toEqual([false, false])
  })

  test('metadata of what programs keep', () => {
    const metadata = {
      id: '550e8400-e29b-41d4-a716-446655440000',
      phone: '+49 1512 3456789',
      order: 4_000_123,
      at: '2026-01-01T10:00:00Z',
      until: 1_767_225_600_008,
      amounts: [12.5, '1111.11', 1_234.56, 411.11, 1_111.11],
      rate: 0.1 + 0.2,
      flags: [true, null, 'A1'],
    }
    expect(valuesHoldCardNumber(metadata)).toBe(false)
  })

  test.each<readonly [string, object]>([
    ['amounts', { amounts: [41.11, '11.11', 11.11, 11.11] }],
    ['parts with a word between them', { parts: ['4111', '1111', 'and', '1111', '1111'] }],
    ['parts of no known scheme', { parts: ['9999', '9999', '9999', '9995'] }],
    ['digits that are part of a value', { parts: ['1114', '1111', '1111', '1111', '1118'] }],
  ])('%s', (_, metadata) => {
    expect(valuesHoldCardNumber(metadata)).toBe(false)
  })

  const isLetThrough = (text: string): boolean =>
    !holdsCardNumber(text) && !valuesHoldCardNumber({ [text]: text, list: [text, text] })
  const often = { seed: 1, numRuns: 2_000 }

  test('every UUID', () => {
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        expect([id, isLetThrough(id)]).toEqual([id, true])
      }),
      often,
    )
  })

  test('every time from 2000 to 2199, to the millisecond', () => {
    const times = fc.date({ min: new Date('2000-01-01'), max: new Date('2199-12-31'), noInvalidDate: true })
    fc.assert(
      fc.property(times, times, (from, until) => {
        const text = from.toISOString()
        for (const spelled of [
          text,
          text.slice(0, -1).replace('T', ' '),
          `${text.slice(0, 10)}/${until.toISOString().slice(0, 10)}`,
        ])
          expect([spelled, isLetThrough(spelled)]).toEqual([spelled, true])
      }),
      often,
    )
  })

  test('every number of twelve digits', () => {
    fc.assert(
      fc.property(fc.nat(999_999_999_999), (order) => {
        expect([order, holdsCardNumber(String(order)), valuesHoldCardNumber({ order })]).toEqual([
          order,
          false,
          false,
        ])
      }),
      often,
    )
  })
})
