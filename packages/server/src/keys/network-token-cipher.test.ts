import { createSecretKey } from 'node:crypto'
import type { NetworkTokenId } from '@cardkeep/core/kernel/ids'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import type { IssuedNetworkToken } from '@cardkeep/core/network-tokens/network-token'
import type { NetworkTokenPlace } from '@cardkeep/core/ports'
import { testCards } from '@cardkeep/testing/canary/cards'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { cardOf, createKeyFixture, placeAt, scopeOwner } from '@cardkeep/testing/keys/fixture'
import { describe, expect, test } from 'vitest'
import { createCardCipher } from './card-cipher.ts'
import { encodeFields } from './encode-fields.ts'
import { sealEnvelope } from './envelope.ts'
import { createNetworkTokenCipher } from './network-token-cipher.ts'

const idAt = (at: number) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}` as NetworkTokenId
const place: NetworkTokenPlace = { ...placeAt(1, 1), id: idAt(1) }

const number = '9999000000000001'
const issued: IssuedNetworkToken = {
  number: new Secret(number),
  expiry: { month: 4, year: 2033, yearDigits: 4 },
  accountReference: 'SIM0AAAAAAAAAAAAAAAAAAAAAAAAA',
}

const makeFixture = async () => {
  const ports = { clock: createFixedClock(), ids: createCountingIds() }
  const fixture = await createKeyFixture(ports, [scopeOwner(place), scopeOwner(placeAt(2, 1))])
  return { ...fixture, cipher: createNetworkTokenCipher(fixture.keyring) }
}

const clear = (one: IssuedNetworkToken) => ({ ...one, number: one.number && openSecret(one.number, 'check') })

test.each<readonly [string, Partial<IssuedNetworkToken>]>([
  ['whole', {}],
  ['with a year of two digits', { expiry: { month: 12, year: 2033, yearDigits: 2 } }],
  ['without an account reference', { accountReference: undefined }],
  ['with an account reference alone', { number: undefined, expiry: undefined }],
])('a network token opens as it was sealed: %s', async (_, parts) => {
  const { cipher } = await makeFixture()
  const sealed = await cipher.seal(place, { ...issued, ...parts })
  expect(clear(await cipher.open(place, sealed))).toEqual(clear({ ...issued, ...parts }))
})

test('the same network token sealed twice gives different bytes, and neither shows its number', async () => {
  const { cipher } = await makeFixture()
  const [first, second] = [await cipher.seal(place, issued), await cipher.seal(place, issued)]
  expect(Buffer.from(first)).not.toEqual(Buffer.from(second))
  expect(Buffer.from(first).includes(number)).toBe(false)
})

describe('a sealed network token', () => {
  test.each<readonly [string, NetworkTokenPlace]>([
    ['under another id', { ...place, id: idAt(2) }],
    ['for another token', { ...place, ...placeAt(1, 2) }],
    ['in another scope', { ...place, ...placeAt(2, 1) }],
  ])('does not open %s', async (_, elsewhere) => {
    const { cipher } = await makeFixture()
    const sealed = await cipher.seal(place, issued)
    await expect(cipher.open(elsewhere, sealed)).rejects.toThrow('belong elsewhere')
  })

  test('does not open in the other environment, and none is sealed there', async () => {
    const { cipher } = await makeFixture()
    const asTest = { ...place, environment: 'test' } as const
    const sealed = await cipher.seal(place, issued)
    await expect(cipher.open(asTest, sealed)).rejects.toThrow('is not for test')
    await expect(cipher.seal(asTest, issued)).rejects.toThrow('is not for test')
  })

  test('is no card, nor a card one', async () => {
    const { cipher, keyring } = await makeFixture()
    const cards = createCardCipher(keyring)
    await expect(cards.open(place, await cipher.seal(place, issued))).rejects.toThrow('belong elsewhere')
    const card = await cards.seal(place, cardOf(testCards.visa))
    await expect(cipher.open(place, card)).rejects.toThrow('belong elsewhere')
  })

  test('of before a rotation opens, and a new one is sealed under the new key', async () => {
    const { cipher, keyring } = await makeFixture()
    const before = await cipher.seal(place, issued)
    await keyring.rotate({ purpose: 'card', owner: undefined, actor: { type: 'vault', id: undefined } })
    const after = await cipher.seal(place, issued)
    for (const sealed of [before, after])
      expect(clear(await cipher.open(place, sealed))).toEqual(clear(issued))
    expect([before[5], after[5]]).toEqual([1, 2])
  })
})

test('what is sealed and is no network token is refused without being repeated', async () => {
  const { keyring } = await makeFixture()
  const key = createSecretKey(Buffer.alloc(32, 7))
  const record = keyring.find('card', scopeOwner(place))?.active?.record
  if (!record) throw new Error('no key')
  const source = {
    ...keyring,
    find: () => ({ active: undefined, usable: [{ record, key, seals: undefined }] }),
  }
  const context = encodeFields('card', 'live', place.scopeId, place.tokenId, 'network token', place.id)
  for (const text of [
    number,
    `["${number}`,
    `["${number}","04","2033"]`,
    `["${number}","04","2033",null,null]`,
    `["${number}","13","2033",null]`,
    `["${number}",null,"2033",null]`,
    `["${number}","04",null,null]`,
    `[${number},"04","2033",null]`,
    `{"number":"${number}"}`,
    '[]',
  ]) {
    const sealed = sealEnvelope({ algorithm: 'derived', key, keyVersion: 1, context }, Buffer.from(text))
    await expect(createNetworkTokenCipher(source).open(place, sealed)).rejects.toThrow(
      /^what was sealed is no network token$/,
    )
  }
})
