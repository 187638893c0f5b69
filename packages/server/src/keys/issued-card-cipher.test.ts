import { createSecretKey, type KeyObject } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Pan } from '@cardkeep/core/cards/pan'
import { numberOf } from '@cardkeep/core/issuing/card-number'
import { drawableServiceCodes, parseServiceCode, type ServiceCode } from '@cardkeep/core/issuing/service-code'
import type { IssuedCardId } from '@cardkeep/core/kernel/ids'
import { openSecret, type Secret } from '@cardkeep/core/kernel/secret'
import { testCards } from '@cardkeep/testing/canary/cards'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { addOwners, cardOf, createKeyFixture, tenantAt } from '@cardkeep/testing/keys/fixture'
import * as vectors from '@cardkeep/testing/keys/issuing-vectors'
import { describe, expect, test } from 'vitest'
import { encodeFields } from './encode-fields.ts'
import { sealEnvelope } from './envelope.ts'
import { createIssuedCardCipher } from './issued-card-cipher.ts'

const place = { tenantId: tenantAt(1), id: 7 as IssuedCardId }
const vault = { type: 'vault', id: undefined } as const
const ownerOf = (tenant: number) => ({ type: 'tenant', id: tenantAt(tenant) }) as const

const makeFixture = async () => {
  const ports = { clock: createFixedClock(), ids: createCountingIds() }
  const fixture = await createKeyFixture(ports, [ownerOf(1), ownerOf(2)], 'live', ['issuer'])
  return { ...fixture, cipher: createIssuedCardCipher(fixture.keyring) }
}

const codeOf = (text: string): ServiceCode => {
  const serviceCode = parseServiceCode(text)
  if (!serviceCode) throw new Error('a test names a service code that is none')
  return serviceCode
}
const visa: Pan = cardOf(testCards.visa).pan
const serviceCode = codeOf('042')
const digitsOf = (secret: Secret<string>): string => openSecret(secret, 'check')

const collectGarbage = (): void => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}

test('every service code that may be drawn opens as it was sealed, with its leading zeros', async () => {
  const { cipher } = await makeFixture()
  for (const drawn of drawableServiceCodes) {
    const opened = await cipher.openServiceCode(place, await cipher.sealServiceCode(place, drawn))
    expect(digitsOf(opened)).toBe(digitsOf(drawn))
  }
})

test('any number that is made opens as it was sealed', async () => {
  const { cipher } = await makeFixture()
  for (const pan of [visa, cardOf(testCards.amex).pan, numberOf('400000', 0), numberOf('400000123', 999_999)])
    expect(digitsOf(await cipher.openNumber(place, await cipher.sealNumber(place, pan)))).toBe(digitsOf(pan))
})

test('the same service code sealed twice gives different bytes, as long as for any other', async () => {
  const { cipher } = await makeFixture()
  const first = Buffer.from(await cipher.sealServiceCode(place, serviceCode))
  const second = Buffer.from(await cipher.sealServiceCode(place, serviceCode))
  expect(first).not.toEqual(second)
  expect((await cipher.sealServiceCode(place, codeOf('998'))).length).toBe(first.length)
})

test('a sealed number shows none of its digits', async () => {
  const { cipher } = await makeFixture()
  expect(Buffer.from(await cipher.sealNumber(place, visa)).includes(testCards.visa.slice(0, 6))).toBe(false)
})

test('what is remembered of a key does not keep it, nor itself, once a seal has dropped it', async () => {
  const { keyring } = await makeFixture()
  const loaded = keyring.find('issued-card', ownerOf(1))?.active
  if (!loaded) throw new Error('no key')
  const keys: (typeof loaded)[] = []
  const cipher = createIssuedCardCipher({
    find: () => ({ active: keys[0], usable: keys }),
    reload: async () => {},
  })
  /** Uses a key of which nobody else knows, and drops it. */
  const useOnce = async (): Promise<WeakRef<KeyObject>> => {
    const key = createSecretKey(loaded.key.export())
    keys.push({ ...loaded, key })
    await cipher.sealServiceCode(place, serviceCode)
    keys.pop()
    return new WeakRef(key)
  }
  const dropped = await useOnce()
  await nextTurn()
  collectGarbage()
  expect(dropped.deref()).toBeUndefined()
})

describe('what was sealed for an issued card', () => {
  test('does not open for another card of the issuer', async () => {
    const { cipher } = await makeFixture()
    const other = { ...place, id: 8 as IssuedCardId }
    const [number, code] = [
      await cipher.sealNumber(place, visa),
      await cipher.sealServiceCode(place, serviceCode),
    ]
    await expect(cipher.openNumber(other, number)).rejects.toThrow('belong elsewhere')
    await expect(cipher.openServiceCode(other, code)).rejects.toThrow('belong elsewhere')
  })

  test('does not open for a card of another issuer', async () => {
    const { cipher } = await makeFixture()
    const other = { ...place, tenantId: tenantAt(2) }
    const [number, code] = [
      await cipher.sealNumber(place, visa),
      await cipher.sealServiceCode(place, serviceCode),
    ]
    await expect(cipher.openNumber(other, number)).rejects.toThrow('belong elsewhere')
    await expect(cipher.openServiceCode(other, code)).rejects.toThrow('belong elsewhere')
  })

  test('does not open as another field of the card', async () => {
    const { cipher } = await makeFixture()
    const sealed = await cipher.sealNumber(place, visa)
    await expect(cipher.openServiceCode(place, sealed)).rejects.toThrow('belong elsewhere')
    const code = await cipher.sealServiceCode(place, serviceCode)
    await expect(cipher.openNumber(place, code)).rejects.toThrow('belong elsewhere')
  })

  test('does not open with any byte changed, nor shorter or longer', async () => {
    const { cipher } = await makeFixture()
    const refused = /sealed bytes|there is no version/
    const sealed = Buffer.from(await cipher.sealServiceCode(place, serviceCode))
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ 1
      await expect(cipher.openServiceCode(place, changed)).rejects.toThrow(refused)
      await expect(cipher.openServiceCode(place, sealed.subarray(0, at))).rejects.toThrow(refused)
    }
    await expect(cipher.openServiceCode(place, Buffer.concat([sealed, Buffer.alloc(1)]))).rejects.toThrow(
      refused,
    )
  })

  test('opens after a rotation of its key, and what is new is sealed under the new one', async () => {
    const { cipher, keyring } = await makeFixture()
    const before = await cipher.sealNumber(place, visa)
    await keyring.rotate({ purpose: 'issued-card', owner: ownerOf(1), actor: vault })
    expect(digitsOf(await cipher.openNumber(place, before))).toBe(testCards.visa)
    expect(Buffer.from(await cipher.sealNumber(place, visa)).readUInt32BE(2)).toBe(2)
  })

  test('opens at a process that has not heard of the issuer or of the newer key', async () => {
    const { cipher, keyring, store, another } = await makeFixture()
    const elsewhere = await another()
    await addOwners(store, elsewhere, [ownerOf(3)], 'live', ['issuer'])
    await elsewhere.rotate({ purpose: 'issued-card', owner: ownerOf(3), actor: vault })
    const made = { ...place, tenantId: tenantAt(3) }
    const sealed = await createIssuedCardCipher(elsewhere).sealServiceCode(made, serviceCode)
    expect(keyring.find('issued-card', ownerOf(3))).toBeUndefined()
    expect(digitsOf(await cipher.openServiceCode(made, sealed))).toBe('042')
  })

  test('opens at a process that remembers nothing, whatever the one that sealed it remembered', async () => {
    const { cipher, keyring } = await makeFixture()
    const ofAnother = { ...place, tenantId: tenantAt(2) }
    const sealed = [
      [place, await cipher.sealServiceCode(place, serviceCode)],
      [ofAnother, await cipher.sealServiceCode(ofAnother, serviceCode)],
      [place, await cipher.sealServiceCode(place, serviceCode)],
    ] as [typeof place, Uint8Array][]
    await keyring.rotate({ purpose: 'issued-card', owner: ownerOf(1), actor: vault })
    sealed.push([place, await cipher.sealServiceCode(place, serviceCode)])
    for (const [whose, code] of sealed)
      for (const opening of [createIssuedCardCipher(keyring), cipher])
        expect(digitsOf(await opening.openServiceCode(whose, code))).toBe('042')
  })

  test('opens also where more cards came in between than are remembered', async () => {
    const { cipher } = await makeFixture()
    const cards = Array.from({ length: 1_100 }, (_, id) => ({ ...place, id: id as IssuedCardId }))
    const sealed = await Promise.all(cards.map((card) => cipher.sealServiceCode(card, serviceCode)))
    for (const [at, card] of cards.entries())
      expect(digitsOf(await cipher.openServiceCode(card, sealed[at] ?? new Uint8Array()))).toBe('042')
  })

  /** What a key of the issuer sealed in a field of the card, whatever it is. */
  const sealAs = async (field: string, text: string) => {
    const keys = await vectors.openVectorKeys('issued-card')
    const owned = keys.find('issued-card', ownerOf(1))?.active
    if (!owned) throw new Error('no key')
    const context = encodeFields('issued-card', 'live', place.tenantId, '7', field)
    const sealing = { algorithm: 'derived', key: owned.key, keyVersion: 1, context } as const
    return { cipher: createIssuedCardCipher(keys), sealed: sealEnvelope(sealing, Buffer.from(text)) }
  }

  test.each(['', '42', '0423', '000', '999', 'abc'])(
    'and is the service code %j is refused without being repeated',
    async (text) => {
      const { cipher, sealed } = await sealAs('service code', text)
      await expect(cipher.openServiceCode(place, sealed)).rejects.toThrow(
        /^what was sealed is no service code$/,
      )
    },
  )

  test.each(['', '4111', '4111111111111112', 'abc'])(
    'and is the number %j is refused without being repeated',
    async (text) => {
      const { cipher, sealed } = await sealAs('number', text)
      await expect(cipher.openNumber(place, sealed)).rejects.toThrow(/^what was sealed is no card number$/)
    },
  )
})

describe('the hash of a number', () => {
  const hashesOf = async (
    cipher: Awaited<ReturnType<typeof makeFixture>>['cipher'],
    tenant: number,
    pan: Pan,
  ) => (await cipher.numberHashes(tenantAt(tenant), pan)).map((hash) => Buffer.from(hash).toString('hex'))

  test('is the same for a number of an issuer, and another for another number or issuer', async () => {
    const { cipher } = await makeFixture()
    const [hash] = await hashesOf(cipher, 1, visa)
    expect(await hashesOf(cipher, 1, cardOf(testCards.visa).pan)).toEqual([hash])
    expect(await hashesOf(cipher, 1, cardOf(testCards.visa2).pan)).not.toEqual([hash])
    expect(await hashesOf(cipher, 2, visa)).not.toEqual([hash])
  })

  test('is told under every key that is not destroyed, the active one first', async () => {
    const { cipher, keyring } = await makeFixture()
    const [before] = await hashesOf(cipher, 1, visa)
    await keyring.rotate({ purpose: 'issued-number', owner: ownerOf(1), actor: vault })
    const [now, ...older] = await hashesOf(cipher, 1, visa)
    expect(older).toEqual([before])
    expect(now).not.toBe(before)
  })
})

test('a tenant that is no issuer has no keys for cards', async () => {
  const { cipher, store, keyring } = await makeFixture()
  await addOwners(store, keyring, [ownerOf(4)])
  const shop = { ...place, tenantId: tenantAt(4) }
  await expect(cipher.sealNumber(shop, visa)).rejects.toThrow('there is no issued-card key')
  await expect(cipher.sealServiceCode(shop, serviceCode)).rejects.toThrow('there is no issued-card key')
  await expect(cipher.numberHashes(shop.tenantId, visa)).rejects.toThrow('there is no issued-number key')
  for (const purpose of ['issued-card', 'issued-number', 'cvk', 'access'] as const)
    expect(keyring.find(purpose, ownerOf(4))).toBeUndefined()
})

test('an issued card that was sealed outside this program opens, and its number has the hash of there', async () => {
  const cipher = createIssuedCardCipher(await vectors.openVectorKeys('issued-card'))
  expect(digitsOf(await cipher.openNumber(vectors.place, vectors.sealedNumber))).toBe(testCards.visa2)
  expect(digitsOf(await cipher.openServiceCode(vectors.place, vectors.sealedServiceCode))).toBe('042')
  const [hash] = await createIssuedCardCipher(await vectors.openVectorKeys('issued-number')).numberHashes(
    vectors.place.tenantId,
    cardOf(testCards.visa2).pan,
  )
  expect(Buffer.from(hash ?? []).toString('hex')).toBe(vectors.numberHash)
})
