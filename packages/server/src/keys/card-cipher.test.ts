import { createSecretKey } from 'node:crypto'
import type { Instrument } from '@cardkeep/core/tokens/instrument'
import { testCards } from '@cardkeep/testing/canary/cards'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import {
  accountOf,
  addOwners,
  cardOf,
  createKeyFixture,
  numberOf,
  placeAt,
  scopeOwner,
} from '@cardkeep/testing/keys/fixture'
import * as vectors from '@cardkeep/testing/keys/vectors'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCardCipher } from './card-cipher.ts'
import { encodeFields } from './encode-fields.ts'
import { sealEnvelope } from './envelope.ts'

const place = placeAt(1, 1)
const otherScope = placeAt(2, 1)

const makeFixture = async () => {
  const ports = { clock: createFixedClock(), ids: createCountingIds() }
  const fixture = await createKeyFixture(ports, [scopeOwner(place), scopeOwner(otherScope)])
  return { ...fixture, cipher: createCardCipher(fixture.keyring) }
}

const anyName = fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined })
const anyHolder = fc.option(
  fc.oneof(
    fc.record({ firstName: anyName, lastName: anyName }),
    fc.record({ firstName: anyName, lastName: anyName, fullName: fc.string({ unit: 'grapheme' }) }),
  ),
  { nil: undefined },
)

const plain = (instrument: Instrument) => ({ ...instrument, number: numberOf(instrument) })

test('any card opens as it was sealed, with its names, its email and the year as it was written', async () => {
  const { cipher } = await makeFixture()
  const cards = fc.record({
    type: fc.constant('card' as const),
    pan: fc.constantFrom(...Object.values(testCards)).map((number) => cardOf(number).pan),
    expiry: fc.record({
      month: fc.integer({ min: 1, max: 12 }),
      year: fc.integer({ min: 2000, max: 2099 }),
      yearDigits: fc.constantFrom(2 as const, 4 as const),
    }),
    holder: anyHolder,
    email: fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
  })
  await fc.assert(
    fc.asyncProperty(cards, async (card) => {
      expect(plain(await cipher.open(place, await cipher.seal(place, card)))).toEqual(plain(card))
    }),
    { seed: 7, numRuns: 200 },
  )
})

test('any account opens as it was sealed, with the leading zeros of its number', async () => {
  const { cipher } = await makeFixture()
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 4, maxLength: 17 })
  const accounts = fc
    .record({
      number: digits,
      accountType: fc.constantFrom('checking' as const, 'savings' as const, undefined),
      holder: anyHolder,
    })
    .map(({ number, ...parts }) => accountOf(number, parts))
  await fc.assert(
    fc.asyncProperty(accounts, async (account) => {
      expect(plain(await cipher.open(place, await cipher.seal(place, account)))).toEqual(plain(account))
    }),
    { seed: 8, numRuns: 200 },
  )
})

test('the same card sealed twice gives different bytes, and neither shows its number', async () => {
  const { cipher } = await makeFixture()
  const [first, second] = await Promise.all([
    cipher.seal(place, cardOf(testCards.visa)),
    cipher.seal(place, cardOf(testCards.visa)),
  ])
  expect(Buffer.from(first)).not.toEqual(Buffer.from(second))
  expect(Buffer.from(first).includes(testCards.visa)).toBe(false)
})

describe('a sealed card that was moved', () => {
  test('does not open for another token', async () => {
    const { cipher } = await makeFixture()
    const sealed = await cipher.seal(place, cardOf(testCards.visa))
    await expect(cipher.open(placeAt(1, 2), sealed)).rejects.toThrow('belong elsewhere')
  })

  test('does not open in another scope', async () => {
    const { cipher } = await makeFixture()
    const sealed = await cipher.seal(place, cardOf(testCards.visa))
    await expect(cipher.open(otherScope, sealed)).rejects.toThrow('belong elsewhere')
  })

  test('does not open in another environment, and nothing is sealed or hashed there', async () => {
    const { cipher } = await makeFixture()
    const asTest = placeAt(1, 1, 'test')
    const card = cardOf(testCards.visa)
    const sealed = await cipher.seal(place, card)
    await expect(cipher.open(asTest, sealed)).rejects.toThrow('is not for test')
    await expect(cipher.seal(asTest, card)).rejects.toThrow('is not for test')
    await expect(cipher.fingerprints(asTest, card)).rejects.toThrow('is not for test')
  })
})

test('a version of the key that never was opens nothing', async () => {
  const { cipher } = await makeFixture()
  const sealed = Buffer.from(await cipher.seal(place, cardOf(testCards.visa)))
  sealed.writeUInt32BE(9, 2)
  await expect(cipher.open(place, sealed)).rejects.toThrow('there is no version 9')
})

test('what is sealed and is neither a card nor an account is refused without being repeated', async () => {
  const { keyring } = await makeFixture()
  const key = createSecretKey(Buffer.alloc(32, 7))
  const record = keyring.find('card', scopeOwner(place))?.active?.record
  if (!record) throw new Error('no key')
  const source = {
    ...keyring,
    find: () => ({ active: undefined, usable: [{ record, key, seals: undefined }] }),
  }
  const context = encodeFields('card', 'live', place.scopeId, place.tokenId, 'card')
  for (const text of [
    testCards.visa,
    `{"pan":"${testCards.visa}`,
    `["${testCards.visa}","13","2030",null]`,
    `["${testCards.visa}","12","2030",["Ada"]]`,
    `["${testCards.visa}","12","2030",[null,null,7]]`,
    `["${testCards.visa}","12","2030",[null,null,"Ada","Lovelace"]]`,
    '[]',
    '["bank","000123456789","110000001",null,null]',
    '["bank","123","110000000",null,null]',
    '["bank","000123456789","110000000","gold",null]',
    '["bank","000123456789","110000000",null,null,null]',
    '["000123456789","110000000",null,null]',
  ]) {
    const sealed = sealEnvelope({ algorithm: 'derived', key, keyVersion: 1, context }, Buffer.from(text))
    const refused = createCardCipher(source).open(place, sealed)
    await expect(refused).rejects.toThrow(/^what was sealed is neither a card nor an account$/)
  }
})

test('equal numbers have one fingerprint within a scope and different ones across scopes', async () => {
  const { cipher } = await makeFixture()
  const hashOf = async (at: typeof place, number: string) =>
    Buffer.from((await cipher.fingerprints(at, cardOf(number)))[0]?.hash ?? []).toString('hex')
  expect(await hashOf(place, testCards.visa)).toBe(await hashOf(placeAt(1, 2), testCards.visa))
  expect(await hashOf(place, testCards.visa)).not.toBe(await hashOf(place, testCards.visa2))
  expect(await hashOf(place, testCards.visa)).not.toBe(await hashOf(otherScope, testCards.visa))
})

test('an account never shares the fingerprint of a card, nor of the same digits at another bank', async () => {
  const { cipher } = await makeFixture()
  const hashOf = async (instrument: Instrument) =>
    Buffer.from((await cipher.fingerprints(place, instrument))[0]?.hash ?? []).toString('hex')
  const account = accountOf(testCards.visa)
  const others = [cardOf(testCards.visa), accountOf(testCards.visa, { routing: '021000021' })]
  for (const other of others) expect(await hashOf(other)).not.toBe(await hashOf(account))
  const holder = { firstName: 'Ada', lastName: undefined }
  expect(await hashOf(accountOf(testCards.visa, { accountType: 'savings', holder }))).toBe(
    await hashOf(account),
  )
})

test('the key of a scope that another process has just made is found at its first use', async () => {
  const { cipher, store, another } = await makeFixture()
  const made = placeAt(3, 1)
  await addOwners(store, await another(), [scopeOwner(made)])
  const sealed = await cipher.seal(made, cardOf(testCards.visa))
  expect(numberOf(await cipher.open(made, sealed))).toBe(testCards.visa)
})

test('a card that another process sealed under a newer key opens', async () => {
  const { cipher, another } = await makeFixture()
  const elsewhere = await another()
  await elsewhere.rotate({ purpose: 'card', owner: undefined, actor: { type: 'vault', id: undefined } })
  const sealed = await createCardCipher(elsewhere).seal(place, cardOf(testCards.visa))
  expect(numberOf(await cipher.open(place, sealed))).toBe(testCards.visa)
})

test('a scope without keys seals and hashes nothing', async () => {
  const { cipher } = await makeFixture()
  const unknown = placeAt(9, 1)
  await expect(cipher.seal(unknown, cardOf(testCards.visa))).rejects.toThrow('there is no card key')
  await expect(cipher.fingerprints(unknown, cardOf(testCards.visa))).rejects.toThrow(
    'there is no fingerprint key',
  )
  await expect(cipher.open(unknown, vectors.sealedCards[0] ?? new Uint8Array())).rejects.toThrow(
    'there is no version',
  )
})
