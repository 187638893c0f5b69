import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { testCards } from '@cardkeep/testing/canary/cards'
import { describe, expect, test } from 'vitest'
import { readCaptured } from './read-captured.ts'

const captureTime = '2026-01-01T00:00:00Z'
const at = Date.UTC(2026, 0, 1)

const readText = (text: string) => readCaptured(new Secret(text))
const read = (tags: object) => readText(JSON.stringify({ captureTime, ...tags }))

const valueOf = (tags: object) => {
  const card = read(tags)
  if (!card.ok) return card.error
  const { pan, code, ...rest } = card.value
  return {
    ...rest,
    pan: pan && openSecret(pan, 'check'),
    code: code && openSecret(code, 'check'),
  }
}

const nothing = {
  capturedAt: at,
  pan: undefined,
  expiryMonth: undefined,
  expiryYear: undefined,
  holderName: undefined,
  code: undefined,
}

/** What is said to be wrong, by the names of the tags. */
const wrongIn = (tags: object): unknown => {
  const { ok, ...rest } = read(tags)
  if (ok) return 'taken'
  const { error } = rest as { error: { type: string; faults?: readonly { field: string }[]; field?: string } }
  return error.type === 'InvalidFields' ? error.faults?.map(({ field }) => field) : [error.field]
}

describe('what published clients encrypt is read', () => {
  const jane = { pan: testCards.visa, expiryMonth: 4, holderName: 'JANE HOLDER', code: '123' }

  test('texts, with a month of two digits and a year of two', () => {
    const { visa: cardNumber } = testCards
    expect(
      valueOf({ cardNumber, cardholderName: 'JANE HOLDER', expiryMonth: '04', expiryYear: '33', cvv: '123' }),
    ).toEqual({ ...nothing, ...jane, expiryYear: { year: 2033, yearDigits: 2 } })
  })

  test('numbers, over several lines, in another order, with tags that nobody knows', () => {
    const text = JSON.stringify(
      {
        svcAccessCode: '1234',
        captureTime,
        cvv: 123,
        expiryYear: 2033,
        expiryMonth: 4,
        __proto__: null,
        other: { a: [1, 2] },
        cardholderName: 'JANE HOLDER',
        cardNumber: testCards.visa,
      },
      null,
      '\t',
    )
    const card = readText(`\r\n ${text} \n`)
    expect(card).toMatchObject({
      ok: true,
      value: { capturedAt: at, expiryMonth: 4, expiryYear: { year: 2033, yearDigits: 4 } },
    })
  })

  test('a year of two digits as a number', () => {
    expect(valueOf({ expiryYear: 25 })).toEqual({ ...nothing, expiryYear: { year: 2025, yearDigits: 2 } })
  })

  test('a card number as a number, or as somebody types it', () => {
    expect(valueOf({ cardNumber: Number(testCards.visa) })).toMatchObject({ pan: testCards.visa })
    expect(readText(`{"captureTime":"${captureTime}","cardNumber":${testCards.maestro}000}`).ok).toBe(false)
    expect(valueOf({ cardNumber: '4111 1111-1111 1111' })).toMatchObject({ pan: testCards.visa })
  })

  test('a part alone, and empty texts for what its customer left empty', () => {
    expect(valueOf({})).toEqual(nothing)
    expect(valueOf({ cvv: '1234' })).toEqual({ ...nothing, code: '1234' })
    const empty = { cvv: '', cardholderName: '', sequenceNumber: '', startMonth: '', startYear: '' }
    expect(valueOf(empty)).toEqual(nothing)
  })

  test('what is checked and not kept', () => {
    expect(valueOf({ sequenceNumber: '001', startMonth: 12, startYear: '1999' })).toEqual(nothing)
  })

  test('no number and no code is printed', () => {
    const card = read({ cardNumber: testCards.visa, cvv: '947' })
    expect(JSON.stringify(card)).not.toMatch(/411111|947/)
  })
})

describe('the moment of the capture', () => {
  test.each([
    ['2026-01-01T00:00:00Z', 0],
    ['2026-01-01t00:00:00z', 0],
    ['2026-01-01 00:00:00Z', 0],
    ['2026-01-01T00:00:00.5Z', 500],
    ['2026-01-01T00:00:00.123456789Z', 123],
    ['2026-01-01T01:00:00+01:00', 0],
    ['2025-12-31T18:30:00-05:30', 0],
    ['2026-01-01T00:00:00-00:00', 0],
    ['2026-01-01T00:00:00.29Z', 290],
    // A leap second, as RFC 3339 has it, in UTC and elsewhere.
    ['2025-12-31T23:59:60Z', 0],
    ['2025-12-31T23:59:60.5Z', 500],
    ['2025-12-31T15:59:60-08:00', 0],
  ])('is read from %s', (text, ms) => {
    expect(read({ captureTime: text })).toMatchObject({ ok: true, value: { capturedAt: at + ms } })
  })

  test.each([
    '',
    '2026-01-01',
    '2026-01-01T00:00:00',
    '2026-01-01T00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T25:00:00Z',
    '2026-01-01T00:61:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:61Z',
    '2026-01-01T00:00:00+24:00',
    // Seconds are sixty at the end of a month alone.
    '2026-01-01T12:59:60Z',
    '2026-01-01T23:59:60Z',
    '2026-01-01T00:00:00+0100',
    '2026-01-01T00:00:00.1234567890Z',
    'Thu, 01 Jan 2026 00:00:00 GMT',
    ' 2026-01-01T00:00:00Z',
    at,
    null,
    true,
    [captureTime],
  ])('is none in %j', (text) => {
    expect(read({ captureTime: text })).toEqual({
      ok: false,
      error: { type: 'CaptureRefused', fault: 'capture time not readable' },
    })
  })

  test('must be there', () => {
    expect(readText(`{"cardNumber":"${testCards.visa}"}`)).toEqual({
      ok: false,
      error: { type: 'CaptureRefused', fault: 'no capture time' },
    })
  })
})

test.each([
  ['nothing', ''],
  ['no JSON', 'cardNumber=4111'],
  ['a text', '"card"'],
  ['a number', '1.0'],
  ['null', 'null'],
  ['a list', `[{"captureTime":"${captureTime}"}]`],
  ['a tag twice', `{"captureTime":"${captureTime}","cvv":"123","cvv":"124"}`],
  ['two objects', `{"captureTime":"${captureTime}"}{}`],
  ['too deep a nest', `{"captureTime":"${captureTime}","a":${'['.repeat(100)}${']'.repeat(100)}}`],
  ['a comma too many', `{"captureTime":"${captureTime}",}`],
])('what is no JSON object is refused: %s', (_, text) => {
  expect(readText(text)).toEqual({ ok: false, error: { type: 'CaptureRefused', fault: 'not an object' } })
})

/** Names that are none: lines, controls, those of the direction of writing too, half a character, and digits in circles. */
const unwritten = [
  ...['a\nb', 'a\u0085b', 'a\u2028b', 'a\u2029b', 'a\u007fb'],
  ...['a\u202eb', 'a\u202ab', 'a\u2066b', 'a\u200fb', 'a\ud800b', 'a\udc00'],
  ...['①'.repeat(12), '❶'.repeat(12), '４'.repeat(12), '٤'.repeat(12)],
]

describe('a tag that is wrong is named', () => {
  test.each([
    ['cardNumber', ['4111111111111112', '411111111111', '', 'x', null, {}, [], true, 4.5]],
    ['expiryMonth', [0, 13, '0', '00', '13', '004', '', 'May', 1.5, -1, null, true]],
    ['expiryYear', [5, 1999, 2100, '5', '033', '20333', '', 'x', 33.5, -33, null, {}]],
    ['cardholderName', ['x'.repeat(31), '4111 1111 1111', ...unwritten, 5, 5.5, null, {}, ['a']]],
    ['cvv', [1, 12, 12345, '12', '12345', '12a', ' 123', null, {}, 1.5]],
    ['sequenceNumber', ['1234', 'x', null, 1.5]],
    ['startMonth', [13, '0', null]],
    ['startYear', [999, '199', 'x', null]],
  ])('%s', (field, values) => {
    for (const value of values) expect([value, wrongIn({ [field]: value })]).toEqual([value, [field]])
  })

  test('at its limits it is taken', () => {
    for (const tags of [
      { expiryMonth: 1 },
      { expiryMonth: 12 },
      { expiryMonth: '1' },
      { expiryMonth: '09' },
      { expiryYear: '00' },
      { expiryYear: 2000 },
      { expiryYear: 2099 },
      { cardholderName: 'x'.repeat(30) },
      { cardholderName: '😀'.repeat(30) },
      { cardholderName: 'Flat 12345678901' },
      { cardholderName: 'שרה לוי' },
      { cardholderName: 'می\u200cخواهم\u200d' },
      { sequenceNumber: '0' },
      { sequenceNumber: 999 },
    ])
      expect([tags, wrongIn(tags)]).toEqual([tags, 'taken'])
  })

  test('with all others, inside of the encrypted card, and without what was sent', () => {
    const wrong = read({ cardNumber: '4111111111111112', expiryMonth: 13, cvv: '12', startYear: 'x' })
    expect(wrong).toMatchObject({
      ok: false,
      error: {
        type: 'InvalidFields',
        faults: ['cardNumber', 'expiryMonth', 'cvv', 'startYear'].map((field) => ({
          field,
          within: ['encrypted_card'],
          why: expect.any(String) as string,
        })),
      },
    })
    expect(JSON.stringify(wrong)).not.toContain('4111111111111112')
  })
})
