import { dayMs } from '@cardkeep/core/kernel/time'
import { testCards } from '@cardkeep/testing/canary/cards'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { cardOf, createKeyFixture, placeAt, scopeOwner, tenantAt } from '@cardkeep/testing/keys/fixture'
import { describe, expect, test } from 'vitest'
import { createCardCipher } from './card-cipher.ts'
import { keyKinds } from './key-kinds.ts'

const place = placeAt(1, 1, 'test')

const makeFixture = async () => {
  const clock = createFixedClock()
  const owners = [scopeOwner(place), { type: 'tenant', id: tenantAt(1) } as const]
  return {
    clock,
    ...(await createKeyFixture({ clock, ids: createCountingIds() }, owners, 'test', ['issuer'])),
  }
}

test('the inventory names every key with its use, strength, age and expiry, and holds no material', async () => {
  const { keyring, store } = await makeFixture()
  const listed = keyring.list()
  expect(listed).toHaveLength(keyKinds.length)
  const card = listed.find(({ purpose }) => purpose === 'card')
  const record = store.rows.records.find(({ id }) => id === card?.id)
  expect(card).toEqual({
    id: record?.id,
    purpose: 'card',
    owner: scopeOwner(place),
    environment: 'test',
    algorithm: 'AES-256-GCM',
    version: 1,
    state: 'active',
    createdAt: Date.UTC(2026, 0, 1),
    expiresAt: Date.UTC(2027, 0, 1),
    checkValue: record?.checkValue,
    seals: { used: 0, limit: 2 ** 40 },
    needsRotation: false,
  })
  for (const key of listed)
    expect(Object.values(key).some((value) => value instanceof Uint8Array)).toBe(false)
})

test('every key has a check value of its own', async () => {
  const { keyring } = await makeFixture()
  const values = keyring.list().map(({ checkValue }) => checkValue)
  for (const value of values) expect(value).toMatch(/^[0-9a-f]{12}$/)
  expect(new Set(values).size).toBe(values.length)
})

test('the seals of a block count as used from when it is reserved', async () => {
  const { keyring } = await makeFixture()
  await createCardCipher(keyring).seal(place, cardOf(testCards.visa))
  expect(keyring.list().find(({ purpose }) => purpose === 'card')?.seals?.used).toBe(2 ** 16)
})

describe('a key needs rotation', () => {
  const needing = (keys: Awaited<ReturnType<typeof makeFixture>>['keyring']) =>
    keys
      .list()
      .flatMap(({ purpose, owner, version, needsRotation }) =>
        needsRotation ? [`${owner.type} ${purpose} ${version}`] : [],
      )

  test('from a month before it expires', async () => {
    const { keyring, clock } = await makeFixture()
    clock.advance(60 * dayMs - 1)
    expect(needing(keyring)).toEqual([])
    clock.advance(1)
    expect(needing(keyring)).toEqual(['scope code 1'])
  })

  test('from half of its seals', async () => {
    const { store, another } = await makeFixture()
    store.rows.records = store.rows.records.map((key) =>
      key.purpose === 'client-tls' ? { ...key, reservedSeals: 2 ** 31 } : key,
    )
    expect(needing(await another())).toEqual(['tenant client-tls 1'])
  })

  test('no more once it was rotated', async () => {
    const { keyring, clock } = await makeFixture()
    clock.advance(60 * dayMs)
    await keyring.rotate({
      purpose: 'code',
      owner: scopeOwner(place),
      actor: { type: 'vault', id: undefined },
    })
    expect(needing(keyring)).toEqual([])
  })
})

test('every budget of seals is a whole number of blocks', () => {
  const budgets = keyKinds.flatMap(({ seals }) => seals ?? [])
  expect(budgets.filter(({ limit, block }) => limit % block !== 0)).toEqual([])
  expect(budgets.length).toBeGreaterThan(4)
})
