import type { CodeAddress } from '@cardkeep/core/codes/held-code'
import { parseId, type SessionId } from '@cardkeep/core/kernel/ids'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { addOwners, createKeyFixture, placeAt, scopeOwner, tenantAt } from '@cardkeep/testing/keys/fixture'
import { describe, expect, test } from 'vitest'
import { createCodeSealer } from './code-sealer.ts'
import { createTextHash } from './name-hash.ts'

const place = placeAt(1, 1)
const otherScope = placeAt(2, 1)
const actor = { type: 'vault', id: undefined } as const

const makeFixture = async () => {
  const ports = { clock: createFixedClock(), ids: createCountingIds() }
  const fixture = await createKeyFixture(ports, [scopeOwner(place), scopeOwner(otherScope)])
  return { ...fixture, sealer: createCodeSealer(fixture.keyring) }
}

const sessionAt = (tenant: number, session: number): CodeAddress => {
  const sessionId = parseId<SessionId>(`000005e5-0000-4000-8000-${String(session).padStart(12, '0')}`)
  if (!sessionId) throw new Error('not an id')
  return { type: 'session', tenantId: tenantAt(tenant), sessionId }
}

const session = sessionAt(1, 1)
const byTokenOf = (tenant: number): CodeAddress => ({
  type: 'token',
  tenantId: tenantAt(tenant),
  tokenId: place.tokenId,
})
const byToken = byTokenOf(1)

test('a code opens at its address and place', async () => {
  const { sealer } = await makeFixture()
  for (const address of [session, byToken]) {
    const sealed = await sealer.seal(place, address, new Secret('1234'))
    expect(openSecret(await sealer.open(place, address, sealed), 'render')).toBe('1234')
    // A code store keeps rows of a fixed size.
    expect(sealed.length).toBe(38)
  }
})

test('sealing and opening answer at once when the key of the scope is in use', async () => {
  const { sealer } = await makeFixture()
  await sealer.seal(place, session, new Secret('123'))
  const sealed = sealer.seal(place, session, new Secret('123'))
  if (sealed instanceof Promise) throw new Error('a promise')
  expect(sealer.open(place, session, sealed)).toBeInstanceOf(Secret)
})

describe('a sealed code does not open', () => {
  test.each([
    ['for another session', place, sessionAt(1, 2)],
    ['for another tenant', place, sessionAt(2, 1)],
    ['by its token when it was held for a session', place, byToken],
    ['for another token', placeAt(1, 2), session],
    ['in another scope', otherScope, session],
  ])('%s', async (_, otherPlace, address) => {
    const { sealer } = await makeFixture()
    const sealed = await sealer.seal(place, session, new Secret('123'))
    expect(() => sealer.open(otherPlace, address, sealed)).toThrow('belong elsewhere')
  })

  test('by its token for another tenant', async () => {
    const { sealer } = await makeFixture()
    const sealed = await sealer.seal(place, byToken, new Secret('123'))
    expect(() => sealer.open(place, byTokenOf(2), sealed)).toThrow('belong elsewhere')
  })

  test('in another environment', async () => {
    const { sealer } = await makeFixture()
    const sealed = await sealer.seal(place, session, new Secret('123'))
    expect(() => sealer.open(placeAt(1, 1, 'test'), session, sealed)).toThrow('is not for test')
  })
})

describe('the name of an address', () => {
  test('is 16 bytes that differ for every address and are the same each time', async () => {
    const { sealer } = await makeFixture()
    const addresses = [
      session,
      sessionAt(1, 2),
      sessionAt(2, 1),
      byToken,
      byTokenOf(2),
      { ...byToken, tokenId: placeAt(1, 2).tokenId },
    ]
    const names = [...addresses.map((address) => sealer.name(address)), sealer.tokenName(place.tokenId)]
    expect(names.every(({ length }) => length === 16)).toBe(true)
    expect(new Set(names.map((name) => name.toString('hex'))).size).toBe(names.length)
    expect(sealer.name(session)).toEqual(names[0])
  })

  test('is another under the keys of another vault', async () => {
    const [one, two] = [await makeFixture(), await makeFixture()]
    expect(one.sealer.name(session)).not.toEqual(two.sealer.name(session))
    expect(one.sealer.tokenName(place.tokenId)).not.toEqual(two.sealer.tokenName(place.tokenId))
  })
})

test('a held code is found and opens after its keys were rotated, and the next one is sealed under the new key', async () => {
  const { sealer, keyring } = await makeFixture()
  const before = { name: sealer.name(session), sealed: await sealer.seal(place, session, new Secret('123')) }
  expect(await keyring.rotate({ purpose: 'code', owner: undefined, actor })).toBe(3)
  expect(sealer.name(session)).toEqual(before.name)
  expect(openSecret(await sealer.open(place, session, before.sealed), 'render')).toBe('123')
  const after = Buffer.from(await sealer.seal(place, session, new Secret('456')))
  expect(Buffer.from(before.sealed).readUInt32BE(2)).toBe(1)
  expect(after.readUInt32BE(2)).toBe(2)
})

test('a process that starts after a rotation gives the names that one of before it gives', async () => {
  const { sealer, keyring, another } = await makeFixture()
  const before = createTextHash(keyring)('a text')
  for (let turn = 0; turn < 2; turn++) await keyring.rotate({ purpose: 'code', owner: undefined, actor })
  const later = await another()
  expect(createCodeSealer(later).name(session)).toEqual(sealer.name(session))
  expect(createTextHash(later)('a text')).toEqual(before)
})

test('the hash of a text is 16 bytes, another for another text, and no name of an address', async () => {
  const { sealer, keyring } = await makeFixture()
  const hash = createTextHash(keyring)
  expect(hash('a')).toHaveLength(16)
  expect(hash('a')).not.toEqual(hash('b'))
  expect(hash('code name')).not.toEqual(sealer.name(session))
})

test('the first code of a scope that another process has just made is sealed', async () => {
  const { sealer, store, another } = await makeFixture()
  const made = placeAt(3, 1)
  await addOwners(store, await another(), [scopeOwner(made)])
  const sealed = await sealer.seal(made, session, new Secret('123'))
  expect(openSecret(await sealer.open(made, session, sealed), 'render')).toBe('123')
})
