import { testCards } from '@cardkeep/testing/canary/cards'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { cardOf, createKeyFixture, numberOf, placeAt, scopeOwner } from '@cardkeep/testing/keys/fixture'
import { describe, expect, test } from 'vitest'
import { createCardCipher } from './card-cipher.ts'

const place = placeAt(1, 1)
const otherScope = placeAt(2, 1)
const actor = { type: 'operator', id: 'ada' } as const

const makeFixture = async () => {
  const ports = { clock: createFixedClock(), ids: createCountingIds() }
  const fixture = await createKeyFixture(ports, [scopeOwner(place), scopeOwner(otherScope)])
  return { ...fixture, cipher: createCardCipher(fixture.keyring) }
}

const keyVersion = (sealed: Uint8Array): number => Buffer.from(sealed).readUInt32BE(2)

describe('after the card keys were rotated', () => {
  test('a card of before opens, and a new one is sealed under the new key', async () => {
    const { cipher, keyring, another } = await makeFixture()
    const before = await cipher.seal(place, cardOf(testCards.visa))
    expect(await keyring.rotate({ purpose: 'card', owner: undefined, actor })).toBe(2)
    const after = await cipher.seal(place, cardOf(testCards.visa))
    expect([keyVersion(before), keyVersion(after)]).toEqual([1, 2])
    for (const opening of [cipher, createCardCipher(await another())])
      for (const sealed of [before, after])
        expect(numberOf(await opening.open(place, sealed))).toBe(testCards.visa)
  })

  test('the earlier key only opens, in the database too', async () => {
    const { keyring, store } = await makeFixture()
    await keyring.rotate({ purpose: 'card', owner: scopeOwner(place), actor })
    const states = store.rows.records
      .filter(({ purpose, owner }) => purpose === 'card' && owner.id === place.scopeId)
      .map(({ version, state }) => [version, state])
    expect(states).toEqual([
      [1, 'decrypt-only'],
      [2, 'active'],
    ])
  })

  test('the audit log names each new key and who asked', async () => {
    const { keyring, store } = await makeFixture()
    await keyring.rotate({ purpose: 'card', owner: undefined, actor })
    const rotated = store.rows.audit.filter(({ action }) => action === 'key.rotated')
    const made = store.rows.records.filter(({ version }) => version === 2)
    expect(rotated.map((entry) => [entry.subject?.id, entry.actor])).toEqual(
      made.map(({ id }) => [id, actor]),
    )
    expect(rotated[0]?.details).toEqual({
      purpose: 'card',
      ownerType: 'scope',
      ownerId: place.scopeId,
      version: 2,
    })
  })
})

test('fingerprints come under every key after a rotation, the active one first', async () => {
  const { cipher, keyring } = await makeFixture()
  const card = cardOf(testCards.visa)
  const before = await cipher.fingerprints(place, card)
  await keyring.rotate({ purpose: 'fingerprint', owner: scopeOwner(place), actor })
  await keyring.rotate({ purpose: 'fingerprint', owner: scopeOwner(place), actor })
  const after = await cipher.fingerprints(place, card)
  expect(after.map(({ keyVersion: version }) => version)).toEqual([3, 2, 1])
  expect(after[2]).toEqual(before[0])
  expect(new Set(after.map(({ hash }) => Buffer.from(hash).toString('hex'))).size).toBe(3)
})

test('one owner alone is rotated when one is named', async () => {
  const { keyring } = await makeFixture()
  expect(await keyring.rotate({ purpose: 'card', owner: scopeOwner(place), actor })).toBe(1)
  const versionOf = (at: typeof place) => keyring.find('card', scopeOwner(at))?.active?.record.version
  expect([versionOf(place), versionOf(otherScope)]).toEqual([2, 1])
})

test('a purpose that no owner has rotates nothing and changes nothing', async () => {
  const { keyring, store } = await makeFixture()
  const before = store.rows.keySet?.counter
  expect(await keyring.rotate({ purpose: 'client-tls', owner: undefined, actor })).toBe(0)
  expect(store.rows.keySet?.counter).toBe(before)
})

test('two processes that rotate at once give each key two new versions, one active', async () => {
  const { keyring, store, another } = await makeFixture()
  const elsewhere = await another()
  await Promise.all([
    keyring.rotate({ purpose: 'card', owner: scopeOwner(place), actor }),
    elsewhere.rotate({ purpose: 'card', owner: scopeOwner(place), actor }),
  ])
  const states = store.rows.records
    .filter(({ purpose, owner }) => purpose === 'card' && owner.id === place.scopeId)
    .map(({ version, state }) => [version, state])
  expect(states).toEqual([
    [1, 'decrypt-only'],
    [2, 'decrypt-only'],
    [3, 'active'],
  ])
  await another()
})

test('a key that reached its limit seals nothing until it is rotated, and still opens', async () => {
  const { keyring, store, another } = await makeFixture()
  const sealed = await createCardCipher(keyring).seal(place, cardOf(testCards.visa))
  store.rows.records = store.rows.records.map((record) => ({ ...record, reservedSeals: 2 ** 40 }))
  const worn = await another()
  const cipher = createCardCipher(worn)
  await expect(cipher.seal(place, cardOf(testCards.visa))).rejects.toThrow(
    /version 1 of the card key of scope .* rotate it/,
  )
  expect(numberOf(await cipher.open(place, sealed))).toBe(testCards.visa)
  await worn.rotate({ purpose: 'card', owner: scopeOwner(place), actor })
  expect(keyVersion(await cipher.seal(place, cardOf(testCards.visa)))).toBe(2)
})
