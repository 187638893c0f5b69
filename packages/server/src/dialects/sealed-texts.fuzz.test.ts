import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { epochMs } from '@cardkeep/core/kernel/time'
import { testCards } from '@cardkeep/testing/canary/cards'
import { applyEdits, drawEdits } from '@cardkeep/testing/fuzz/edits'
import { jsonWords } from '@cardkeep/testing/fuzz/json-words'
import { runs } from '@cardkeep/testing/fuzz/runs'
import { holdsStrayCard, strayCards } from '@cardkeep/testing/fuzz/stray-cards'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readPayload } from './hellgate/read-payload.ts'
import { readCaptured } from './verifone/read-captured.ts'

/*
 * What a browser or an app sealed is opened before it is read, and whoever has a public key may seal anything. Whatever it is,
 * it is read or refused, and neither the refusal nor what is told again of it holds a card number.
 */

const at = epochMs(Date.UTC(2026, 0, 1))

const captured = {
  cardNumber: testCards.visa,
  captureTime: '2026-01-01T00:00:00.5+01:00',
  expiryMonth: '4',
  expiryYear: 33,
  cardholderName: 'JANE HOLDER',
  cvv: '123',
  sequenceNumber: '',
  startYear: '99',
}
const card = {
  account_number: testCards.visa,
  expiry_month: 4,
  expiry_year: 2033,
  security_code: '123',
  cardholder_name: 'Jane',
  additional_data: { cardholder_name: null },
  ephemeral: true,
  expiration_date: '2026-02-01',
}

const readers = {
  'a captured card': {
    sample: captured,
    read: (text: string) => {
      const read = readCaptured(new Secret(text))
      return read.ok ? { number: read.value.pan, name: read.value.holderName } : read.error
    },
  },
  'a sealed card': {
    sample: card,
    read: (text: string) => {
      const read = readPayload({ answers: 'tokenize', holder: undefined, at })(new Secret(text))
      if (!read.ok || read.value.type !== 'tokenize') return read.ok ? {} : read.error
      return { number: read.value.card.pan, name: read.value.card.holder?.fullName }
    },
  },
  'a sealed code': {
    sample: { security_code: '123' },
    read: (text: string) => {
      const read = readPayload({ answers: 'refresh code', holder: undefined, at })(new Secret(text))
      return read.ok ? {} : read.error
    },
  },
}

const words = [...jsonWords, '__proto__', '"cvv":"1234",', '"expiryMonth":13,', '00', '60Z']

describe.each(Object.entries(readers))('%s', (_, { sample, read }) => {
  const text = JSON.stringify(sample)

  test('that was edited is read or refused, and a number that is read is one', () => {
    const texts = drawEdits(words, 6).map((edits) => applyEdits(Buffer.from(text), edits).toString())
    fc.assert(
      fc.property(texts, (edited) => {
        const said = read(edited)
        if ('number' in said && said.number instanceof Secret)
          expect(openSecret(said.number, 'check')).toMatch(/^\d{12,19}$/)
        expect(holdsStrayCard(JSON.stringify(said))).toBe(false)
      }),
      runs(1_000),
    )
  })

  test('with any value in any field is read or refused, and tells no card number', () => {
    const names = [...Object.keys(sample), 'other']
    const value = fc.oneof(
      strayCards,
      fc.jsonValue({ maxDepth: 2 }),
      fc.string({ unit: 'binary', maxLength: 40 }),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3 }), (changed) => {
        const said = read(JSON.stringify({ ...sample, ...changed }))
        expect(holdsStrayCard(JSON.stringify(said))).toBe(false)
      }),
      runs(1_000),
    )
  })
})
