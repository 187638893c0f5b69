import { testCards } from '@cardkeep/testing/canary/cards'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { cardOf, createKeyFixture, numberOf, placeAt, scopeOwner } from '@cardkeep/testing/keys/fixture'
import { createMemoryRootKey } from '@cardkeep/testing/keys/memory-root-key'
import { describe, expect, test } from 'vitest'
import { createCardCipher } from './card-cipher.ts'
import { planPutBackKeys } from './put-back-keys.ts'

const place = placeAt(1, 1)
const actor = { type: 'operator', id: 'ada' } as const

/** A vault whose keys were rotated twice since somebody copied it. */
const setUp = async () => {
  const ports = { clock: createFixedClock(), ids: createCountingIds() }
  const fixture = await createKeyFixture(ports, [scopeOwner(place)])
  const sealed = await createCardCipher(fixture.keyring).seal(place, cardOf(testCards.visa))
  const older = structuredClone(fixture.store.rows)
  for (let times = 0; times < 2; times++)
    await fixture.keyring.rotate({ purpose: 'card', owner: undefined, actor })
  const newest = structuredClone(fixture.store.rows)
  return { ...fixture, sealed, older, newest }
}

describe('keys that an operator puts back', () => {
  test('are the newest set from then on, and open what they opened', async () => {
    const { store, provider, another, sealed, older } = await setUp()
    Object.assign(store.rows, older)
    const { changes, ...sets } = await planPutBackKeys({ store, provider })
    expect(sets).toEqual({ held: 2, remembered: 4, counter: 5 })
    expect(await store.commit(changes)).toMatchObject({ ok: true })
    const keyring = await another()
    expect(numberOf(await createCardCipher(keyring).open(place, sealed))).toBe(testCards.visa)
    expect(provider.remembered()).toBe(5)
  })

  test('leave the database that they replace older than they are', async () => {
    const { store, provider, another, older, newest } = await setUp()
    Object.assign(store.rows, older)
    await store.commit((await planPutBackKeys({ store, provider })).changes)
    await another()
    Object.assign(store.rows, newest)
    await expect(another()).rejects.toThrow('An older set of keys was put back')
  })

  test('lower nothing that is remembered, also where it is never committed', async () => {
    const { store, provider, older } = await setUp()
    Object.assign(store.rows, older)
    await planPutBackKeys({ store, provider })
    expect(provider.remembered()).toBe(4)
  })

  test('are refused where one is missing, and where another root key wrapped them', async () => {
    const { store, provider, older } = await setUp()
    Object.assign(store.rows, { ...older, records: older.records.slice(1) })
    await expect(planPutBackKeys({ store, provider })).rejects.toThrow('are not the set that the vault wrote')
    Object.assign(store.rows, older)
    const stranger = createMemoryRootKey(new Uint8Array(32).fill(8))
    await expect(planPutBackKeys({ store, provider: stranger })).rejects.toThrow('the root key of another')
  })

  test('are refused where the counter beside the root key is of no vault like this', async () => {
    const { store, provider } = await setUp()
    await provider.rememberCounter(9_000_000_000)
    await expect(planPutBackKeys({ store, provider })).rejects.toThrow('is not of this vault')
  })
})
