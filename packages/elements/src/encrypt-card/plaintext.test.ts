import { testCards } from '@cardkeep/testing/canary/cards'
import { expect, test } from 'vitest'
import { needsPlaintext } from './plaintext.ts'

const now = Date.parse('2026-03-04T05:06:07.890Z')
const textOf = (card: unknown): string => needsPlaintext(card, now).text

test('every tag stands in one line, in the order of the API, whatever the order in which it was given', () => {
  expect(
    textOf({
      cvv: '737',
      expiryYear: '2030',
      expiryMonth: '12',
      startYear: '2024',
      startMonth: '01',
      cardholderName: 'Ada Lovelace',
      sequenceNumber: '01',
      cardNumber: testCards.visa,
    }),
  ).toBe(
    `{"cardNumber":"${testCards.visa}","sequenceNumber":"01","cardholderName":"Ada Lovelace",` +
      '"startMonth":"01","startYear":"2024","expiryMonth":"12","expiryYear":"2030","cvv":"737",' +
      '"captureTime":"2026-03-04T05:06:07Z"}',
  )
})

test('what is missing, empty or null is left out, and so is what the API has no tag for', () => {
  const card = { cvv: ' 737 ', cardNumber: '', cardholderName: null, startMonth: undefined, brand: 'VISA' }
  expect(textOf(card)).toBe('{"cvv":"737","captureTime":"2026-03-04T05:06:07Z"}')
})

test('a number loses the spaces and dashes between its digits', () => {
  const [spaced, dashed] = [' ', '-'].map((mark) => testCards.visa.replace(/(\d{4})(?=\d)/g, `$1${mark}`))
  for (const cardNumber of [spaced, dashed])
    expect(JSON.parse(textOf({ cardNumber }))).toMatchObject({ cardNumber: testCards.visa })
})

test.each([
  [{ expiryMonth: 4, expiryYear: 2030 }],
  [{ expiryMonth: '4', expiryYear: '30' }],
  [{ expiryMonth: '04', expiryYear: 30 }],
])('month and year stay as they were given: %j', (card) => {
  expect(JSON.parse(textOf(card))).toMatchObject(card)
})

test.each(['2026-03-04T05:00:00Z', '2026-03-04T05:00:00.123Z', '2026-03-04T06:00:00+01:00'])(
  'a time of capture that the page knows better is kept: %s',
  (captureTime) => {
    expect(needsPlaintext({ cvv: '737', captureTime }, now)).toEqual({
      text: `{"cvv":"737","captureTime":"${captureTime}"}`,
      captureTime,
    })
  },
)

const marker = '90210'
test.each<[RegExp, unknown]>([
  [/must be an object with the card/, undefined],
  [/must be an object with the card/, marker],
  [/nothing to encrypt/, {}],
  [/nothing to encrypt/, { captureTime: '2026-03-04T05:00:00Z' }],
  [/nothing to encrypt/, { [marker]: marker }],
  [/cardNumber must be a string of 12 to 19 digits/, { cardNumber: marker }],
  [/cardNumber must be a string/, { cardNumber: 4_111_111_111_111_111 }],
  [/cardNumber must be/, { cardNumber: `${testCards.visa}${marker}` }],
  [/sequenceNumber must be/, { sequenceNumber: marker }],
  [/cardholderName must be/, { cardholderName: `${marker}\n` + 'x' }],
  [/cardholderName must be/, { cardholderName: marker.repeat(52) }],
  [/startMonth must be a month/, { startMonth: marker }],
  [/expiryMonth must be a month/, { expiryMonth: 0 }],
  [/expiryMonth must be a month/, { expiryMonth: 13 }],
  [/expiryMonth must be a month/, { expiryMonth: 1.5 }],
  [/expiryMonth must be a month/, { expiryMonth: true }],
  [/startYear must be a year/, { startYear: '203' }],
  [/expiryYear must be a year/, { expiryYear: marker }],
  [/expiryYear must be a year/, { expiryYear: Number.NaN }],
  [/cvv must be a string of three or four digits/, { cvv: 123 }],
  [/cvv must be a string of three or four digits/, { cvv: marker }],
  [/cvv must be a string/, { cvv: { toString: () => '123' } }],
  [/captureTime must be a time/, { cvv: '123', captureTime: marker }],
  [/captureTime must be a time/, { cvv: '123', captureTime: '2026-13-04T05:00:00Z' }],
  [/captureTime must be a time/, { cvv: '123', captureTime: '2026-03-04 05:00:00' }],
])('a card is refused by a TypeError that repeats nothing of it: %s', (says, card) => {
  const failure = thrownBy(() => needsPlaintext(card, now))
  expect(failure).toBeInstanceOf(TypeError)
  expect(failure.message).toMatch(says)
  expect(`${failure.message} ${failure.stack}`).not.toContain(marker)
  expect(failure.cause).toBeUndefined()
})

const thrownBy = (attempt: () => unknown): Error => {
  try {
    attempt()
  } catch (error) {
    return error as Error
  }
  throw new Error('it was not refused')
}
